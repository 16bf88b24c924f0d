from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Run as the judge does; small work is slower on many threads."""
    with threadpool_limits(1):
        yield
