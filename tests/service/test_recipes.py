"""The recipes of docs/service.md: they run as they stand, and notice every stream that was cut."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.cutting import Cut, cutting_proxy
from tests.support.servers import fetched, served_by_process

PAGE = (Path(__file__).parents[2] / "docs" / "service.md").read_text(encoding="utf-8")
(CURL,) = re.findall(r"^```sh\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
ANY_FORMAT, ARROW, RESUME = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
QUERY = "/generate?process=ttbar&n=2000&seed=7"


@pytest.fixture(scope="module")
def port(shelf_root: Path) -> Iterator[int]:
    with served_by_process(shelf_root) as port:
        yield port


@pytest.fixture
def cut(port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cut]:
    monkeypatch.chdir(tmp_path)
    with cutting_proxy(port) as cut:
        yield cut


def run(recipe: str, port: int) -> dict[str, object]:
    names: dict[str, object] = {}
    exec(recipe.replace("localhost:8000", f"localhost:{port}"), names)  # noqa: S102 - that is the test
    return names


def run_curl(port: int) -> int:
    command = CURL.replace("localhost:8000", f"localhost:{port}")
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], check=False, capture_output=True
    ).returncode


def line_ends(body: bytes) -> list[int]:
    return [match.end() for match in re.finditer(rb"\n", body)]


def message_ends(body: bytes) -> list[int]:
    """Where the messages of an Arrow stream end."""
    source = pa.BufferReader(body)
    return [source.tell() for _ in pa.ipc.MessageReader.open_stream(source)]


def test_the_recipes_run_as_they_stand(port: int, cut: Cut, tmp_path: Path) -> None:
    assert run_curl(port) == 0
    whole = fetched(port, QUERY)
    assert (tmp_path / "ttbar.csv").read_bytes() == whole
    run(ANY_FORMAT, cut.port)
    assert (tmp_path / "ttbar.csv").read_bytes() == whole
    batches = run(ARROW, port)["batches"]
    assert pa.Table.from_batches(batches).num_rows == 2000


def test_a_file_cut_at_any_line_is_noticed(port: int, cut: Cut) -> None:
    recipe = ANY_FORMAT.replace("2000", "40")
    for end in line_ends(fetched(port, QUERY.replace("2000", "40")))[:-1]:
        cut.bytes = end
        with pytest.raises(RuntimeError, match="cut short"):
            run(recipe, cut.port)


def test_curl_notices_a_file_cut_at_a_line(port: int, cut: Cut) -> None:
    ends = line_ends(fetched(port, QUERY))
    for end in (ends[0], ends[1000], ends[-2]):
        cut.bytes = end
        assert run_curl(cut.port) != 0


def test_an_arrow_stream_cut_at_any_message_is_noticed(port: int, cut: Cut) -> None:
    ends = message_ends(fetched(port, QUERY + "&format=arrow"))
    assert len(ends) > 8
    for end in ends[:-1]:
        cut.bytes = end
        # Arrow itself misses only its dictionaries.
        with pytest.raises((RuntimeError, pa.ArrowInvalid), match=r"cut short|ended without"):
            run(ARROW, cut.port)


def test_a_damaged_arrow_stream_is_noticed(port: int) -> None:
    body = bytearray(fetched(port, QUERY + "&format=arrow"))
    body[message_ends(bytes(body))[-2] - 9] ^= 1
    check = ARROW.replace("answer.content", "body").replace("answer = requests.post", "answer = skip")
    check = "\n".join(line for line in check.splitlines() if not line.startswith("answer"))
    with pytest.raises(RuntimeError, match="damaged"):
        exec(check, {"body": bytes(body)})  # noqa: S102 - that is the test


def test_a_broken_download_goes_on_to_the_same_bytes(port: int, cut: Cut) -> None:
    cut.bytes, cut.honest = 60_000, True
    assert run(RESUME, cut.port)["events"] == fetched(port, QUERY)
