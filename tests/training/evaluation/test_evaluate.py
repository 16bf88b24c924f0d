import json
from pathlib import Path

import pytest

from training.evaluation.evaluate import Task, jet_radius
from training.simulate.run import sidecar_path


def with_sidecar(path: Path, radius: float) -> Path:
    sidecar_path(path).write_text(json.dumps({"response": {"jets": {"radius": radius}}}))
    return path


def test_the_jet_radius_is_that_of_the_simulation(tmp_path: Path) -> None:
    assert jet_radius([with_sidecar(tmp_path / "a.csv", 0.6)]) == 0.6


def test_files_without_sidecar_have_the_jets_of_atlas(tmp_path: Path) -> None:
    assert jet_radius([tmp_path / "a.csv"]) == 0.4


def test_files_of_different_jets_are_refused(tmp_path: Path) -> None:
    files = [with_sidecar(tmp_path / "a.csv", 0.6), tmp_path / "b.csv"]
    with pytest.raises(ValueError, match="give --jet-radius"):
        jet_radius(files)


def test_a_quick_task_looks_at_fewer_events(tmp_path: Path) -> None:
    files = (tmp_path / "a.csv",)
    assert Task(files).settings.events == 100_000
    assert Task(files, quick=True).settings.events == 20_000
    assert Task(files, quick=True, events=500).settings.events == 500
