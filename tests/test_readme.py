"""The README's blocks are run as they stand, against a service of the shipped models."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.shelf import Shelf
from tests.support.leaderboard import with_leaderboard
from tests.support.servers import served_by_process
from training.evaluation.leaderboard.run import BOARD_JSON

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


def test_the_leaderboard_is_that_of_the_shelf() -> None:
    assert with_leaderboard(README) == README, "python -m tests.support.leaderboard"
    for artefact in Shelf.open():
        assert f"(models/{artefact.manifest.process}/{artefact.manifest.model}/card.md)" in README


def test_the_leaderboard_shows_the_figures_of_the_manifests() -> None:
    board = json.loads((ROOT / "models" / BOARD_JSON).read_text(encoding="utf-8"))
    told = {(one["process"], one["model"]): one for one in board["entries"]}
    for artefact in Shelf.open():
        entry = told[artefact.manifest.process, artefact.manifest.model]
        assert entry["digest"] == artefact.manifest.digest
        for figure in entry["figures"]:
            assert artefact.manifest.figures[figure["name"]] == figure["value"]
