"""From collisions to events on the shelf, by the commands of the README, as small as they can be."""

import subprocess
import sys
from pathlib import Path

import pytest

from events.selection import valid_events
from models.shelf import Shelf
from service.sampler import Sampler

SMALL = """
model = "exp2"
seed = 1
frequent_share = 0.85
max_objects = 19
[split]
train = 0.6
validation = 0.1
[event]
encoder = [16, 16]
latent = 4
decoder = [16, 16]
[objects]
encoder = [32, 16]
latent = 8
decoder = [16, 16]
[variator]
beta = 0.1
[fit]
batch_size = 50
epochs = 30
patience = 5
learning_rate = 3e-3
"""
EVENTS = 600


def run(*arguments: object, folder: Path) -> str:
    command = [sys.executable, "-c", "from training.cli import main; main()", *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chain")
    (folder / "small.toml").write_text(SMALL)
    run(
        "simulate", "--process", "ttbar", "--events", EVENTS, "--seed", 1, "--out", "ttbar.csv", folder=folder
    )
    run(
        "train", "--process", "ttbar", "--data", "ttbar.csv", "--run", "run", "--config", "small.toml",
        "--quiet", folder=folder,
    )  # fmt: skip
    run("export", "run", "--shelf", "shelf", folder=folder)
    return folder


def test_the_exported_model_gives_valid_events(shelf: Path) -> None:
    batch = Sampler.open(Shelf.open(shelf / "shelf").get("ttbar", "exp2")).sample(500, seed=1)
    assert len(batch) == 500
    assert valid_events(batch).all()


def test_its_manifest_tells_where_it_comes_from(shelf: Path) -> None:
    training = Shelf.open(shelf / "shelf").get("ttbar", "exp2").manifest.training
    data = training.data
    assert data.events_train + data.events_validation + data.events_test == EVENTS
    assert list(data.files) == ["ttbar.csv"]
    assert "Pythia" in data.generator
    assert training.config["fit"]["epochs"] == 30  # type: ignore[index, call-overload]


def test_it_is_evaluated_on_events_it_never_saw(shelf: Path) -> None:
    evaluation = (
        "evaluate", "ttbar/exp2", "--shelf", "shelf", "--truth", "ttbar.csv", "--events", 100, "--write",
    )  # fmt: skip
    report = run(*evaluation, folder=shelf)
    assert "IER" in report
    figures = Shelf.open(shelf / "shelf").get("ttbar", "exp2").manifest.figures
    assert 0 < figures["WD"] < 0.5
    assert figures["WD_floor"] < figures["WD"]


def test_the_same_training_gives_the_same_model(shelf: Path) -> None:
    run(
        "train", "--process", "ttbar", "--data", "ttbar.csv", "--run", "again", "--config", "small.toml",
        "--quiet", "--workers", 1, folder=shelf,
    )  # fmt: skip
    run("export", "again", "--shelf", "again-shelf", folder=shelf)
    first, again = (Shelf.open(shelf / name).get("ttbar", "exp2") for name in ("shelf", "again-shelf"))
    assert first.manifest.digest == again.manifest.digest
