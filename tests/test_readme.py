"""The README's blocks are run as they stand, against a service of the shipped models."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.shelf import Shelf
from tests.support.servers import served_by_process

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served_by_process(ROOT / "models") as port:
        yield f"localhost:{port}"


@pytest.mark.parametrize("block", blocks("sh"))
def test_curl_blocks_fetch_the_events_they_ask_for(block: str, address: str, tmp_path: Path) -> None:
    command = block.replace("localhost:8000", address)
    subprocess.run(["bash", "-euc", command], check=True, cwd=tmp_path)
    lines = (tmp_path / block.split("> ")[1].strip()).read_bytes().count(b";\n")
    asked = re.search(r"n=(\d+)", block)
    assert asked
    assert lines == int(asked[1])


@pytest.mark.parametrize("block", blocks("python"))
def test_python_blocks_run(block: str, address: str, tmp_path: Path) -> None:
    code = block.replace("localhost:8000", address)
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_table_of_figures_is_that_of_the_manifests() -> None:
    for artefact in Shelf.open():
        figures = artefact.manifest.figures
        cells = [f"{figures[name]:.6f}" for name in ("WD", "JS", "KL")] + [f"{figures['IER']:.2%}"]
        name = f"`{artefact.manifest.process}/{artefact.manifest.model}`"
        (row,) = [line for line in README.splitlines() if line.startswith(f"| {name} |")]
        assert [cell.strip() for cell in row.split("|")[2:6]] == cells
