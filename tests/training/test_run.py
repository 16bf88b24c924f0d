from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from training.config import load_config
from training.run import Run, RunMismatchError

DATA = {"ttbar.csv": "0" * 64}
EVENTS = {"train": 6, "validation": 1, "test": 3}


def make_run(folder: Path) -> Run:
    return Run(folder / "run", "ttbar", load_config("exp2"), "a generator", DATA, EVENTS)


def test_a_run_can_be_loaded_again(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.begin()
    assert Run.load(run.folder) == run


def test_the_same_run_goes_on(tmp_path: Path) -> None:
    make_run(tmp_path).begin()
    make_run(tmp_path).begin()


@pytest.mark.parametrize(
    "change", [{"process": "stop_02"}, {"data": {"ttbar.csv": "1" * 64}}, {"config": {"seed": 2}}]
)
def test_another_run_in_the_folder_is_not_overwritten(tmp_path: Path, change: dict[str, Any]) -> None:
    make_run(tmp_path).begin()
    with pytest.raises(RunMismatchError, match=f"another {next(iter(change))}.*choose another --run"):
        replace(make_run(tmp_path), **change).begin()
    assert Run.load(tmp_path / "run") == make_run(tmp_path)


def test_a_folder_without_a_run_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="eventmill-train train"):
        Run.load(tmp_path)
