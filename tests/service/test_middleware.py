from pathlib import Path

import pytest

import service


@pytest.mark.parametrize("wrapper", ["BaseHTTPMiddleware", ".middleware(", "GZipMiddleware"])
def test_nothing_wraps_the_body(wrapper: str) -> None:
    """Starlette's own wrapper would end a broken stream as if it were whole; compressing ones delay it."""
    sources = Path(service.__file__).parent.rglob("*.py")
    assert not [path for path in sources if wrapper in path.read_text(encoding="utf-8")]
