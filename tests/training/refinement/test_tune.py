from pathlib import Path

import numpy as np
import pytest

from events.batch import EventBatch
from events.digest import file_sha256
from events.files import write_events
from service.sampler import Sampler
from tests.support.runs import checkpoint, exported
from tests.support.synthetic import synthetic_events
from tests.support.tiny_runs import finished_run
from tests.training.architectures.test_flow import CONFIG
from training.architectures import load_architecture
from training.architectures.base import Tunable
from training.refinement.tune import tune
from training.run import Run

TRUTH = synthetic_events(8000, seed=4, mean_objects=3)
FIT = {"batch_size": 100, "epochs": 2, "patience": 2, "learning_rate": 5e-3, "average": 0.9}
SHORT = CONFIG | {
    "strata": [],
    "fit": {"batch_size": 100, "epochs": 1, "patience": 1, "learning_rate": 2e-3},
    "tune": [{"events": 8000, "limit": 3.0, "fit": FIT}],
}
"""A fit that has seen too little of the training events, and a round of tuning."""


def tuned(run: Run) -> int:
    """Tune a run; how many rounds that took."""
    folder = run.folder.parent
    return tune(run, [folder / "events.csv"], cache=folder / "tables", progress=False)


def rounds(run: Run) -> int:
    architecture = load_architecture("flow")
    assert isinstance(architecture, Tunable)
    return architecture.tuned(run)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finished_run(tmp_path_factory.mktemp("run"), SHORT, TRUTH)


@pytest.fixture(scope="module")
def before(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Sampler:
    return exported(run, tmp_path_factory.mktemp("before"))


@pytest.fixture(scope="module")
def after(before: Sampler, run: Run, tmp_path_factory: pytest.TempPathFactory) -> Sampler:  # noqa: ARG001
    assert rounds(run) == 0
    assert tuned(run) == 1
    assert rounds(run) == 1
    return exported(run, tmp_path_factory.mktemp("after"))


def mean_log_met(batch: EventBatch) -> float:
    return float(np.log(batch.met).mean())


def test_its_events_are_nearer_to_truth(before: Sampler, after: Sampler) -> None:
    distances = [abs(mean_log_met(one.sample(10_000, 7)) - mean_log_met(TRUTH)) for one in (before, after)]
    assert distances[1] < 0.8 * distances[0]


def test_the_model_says_that_it_was_tuned(before: Sampler, after: Sampler) -> None:
    assert not any("Tuned" in note for note in before.manifest.notes)
    assert any("Tuned in 1 round:" in note for note in after.manifest.notes)


def test_what_is_tuned_is_not_tuned_again(after: Sampler, run: Run) -> None:  # noqa: ARG001
    weights = checkpoint(run, "tuned-1")
    assert tuned(run) == 0
    for old, new in zip(weights, checkpoint(run, "tuned-1"), strict=True):
        np.testing.assert_array_equal(old, new)


def test_only_the_files_of_the_run_will_do(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "events.csv"
    other.write_bytes((run.folder.parent / "events.csv").read_bytes().replace(b"\n", b" \n", 1))
    with pytest.raises(ValueError, match="learnt from other files"):
        tune(run, [other], cache=tmp_path / "tables", progress=False)


def test_files_in_another_order_are_refused_as_their_test_events_are_others(tmp_path: Path) -> None:
    files = [tmp_path / "first.csv", tmp_path / "second.csv"]
    for seed, file in enumerate(files):
        write_events(file, [synthetic_events(200, seed=seed, mean_objects=3)])
    data = {file.name: file_sha256(file) for file in files}
    with pytest.raises(ValueError, match=r"give first\.csv, second\.csv, unchanged and in this order"):
        tune(
            Run(tmp_path, "ttbar", SHORT, "made-up events", data, {}), files[::-1], cache=tmp_path / "tables"
        )


def test_what_cannot_be_tuned_says_so(tmp_path: Path) -> None:
    plain = Run(tmp_path, "ttbar", CONFIG, "made-up events", {}, {})
    with pytest.raises(ValueError, match=r"ttbar/flow cannot be tuned"):
        tune(plain, [], cache=tmp_path)
