from pathlib import Path

import numpy as np
import pytest

from events.selection import valid_events
from service.sampler import Sampler
from tests.support.runs import StoppedError, checkpoint, exported, fit
from tests.support.synthetic import synthetic_events
from tests.support.tiny_runs import prepared_run
from training.data.cache import Tables
from training.progress import Progress
from training.run import Run

CONFIG = {
    "model": "nsf",
    "seed": 1,
    "frequent_share": 0.85,
    "split": {"train": 0.7, "validation": 0.2},
    "slots": {"jets": 4, "b_jets": 2, "others": 2},
    "flow": {"layers": 2, "bins": 3, "units": [8]},
    "fit": {"batch_size": 25, "epochs": 4, "patience": 4, "learning_rate": 1e-2, "schedule": "cosine"},
}
EVENTS = synthetic_events(400, seed=1, mean_objects=3)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Tables, Progress]:
    run, tables = prepared_run(tmp_path_factory.mktemp("nsf"), CONFIG, EVENTS)
    return run, tables, fit(run, tables, "flow")


@pytest.fixture(scope="module")
def sampler(fitted: tuple[Run, Tables, Progress], tmp_path_factory: pytest.TempPathFactory) -> Sampler:
    return exported(fitted[0], tmp_path_factory.mktemp("shelf"))


def test_events_with_too_many_objects_are_left_out(fitted: tuple[Run, Tables, Progress]) -> None:
    run, tables, _ = fitted
    with np.load(run.folder / "masks.npz") as stored:
        masks = stored["masks"]
    assert len(masks) == tables.rows["train"]["slots"]
    assert 0.5 < len(masks) / (0.7 * len(EVENTS)) < 1
    assert masks[:, 0].max() == 4
    assert masks[:, 2:].sum(axis=1).max() <= 2


def test_the_likelihood_rises(fitted: tuple[Run, Tables, Progress]) -> None:
    losses = fitted[2].losses
    assert len(losses) == 4
    for first, last in zip(losses[0], losses[-1], strict=True):
        assert last < first


def test_a_resumed_fit_ends_with_the_weights_of_one_that_was_not_stopped(
    fitted: tuple[Run, Tables, Progress], tmp_path: Path
) -> None:
    run, tables = prepared_run(tmp_path, CONFIG, EVENTS)
    with pytest.raises(StoppedError):
        fit(run, tables, "flow", stop_after=2)
    assert fit(run, tables, "flow") == fitted[2]
    for ours, theirs in zip(checkpoint(run, "flow"), checkpoint(fitted[0], "flow"), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_its_events_are_valid_at_the_first_attempt(sampler: Sampler) -> None:
    events = sampler.sample(3000, seed=1, validity="all")
    # Synthetic events have nothing near the event criterion.
    assert valid_events(events).all()
    assert np.all(events.E >= events.pt * np.cosh(events.eta) * (1 - 1e-5))


def test_it_keeps_the_frequencies_of_numbers_of_objects(
    sampler: Sampler, fitted: tuple[Run, Tables, Progress]
) -> None:
    with np.load(fitted[0].folder / "masks.npz") as stored:
        expected = stored["masks"].mean(axis=0)
    found = sampler.sample(20_000, seed=2).masks()
    error = np.sqrt(found.var(axis=0) / len(found))
    assert np.all(np.abs(found.mean(axis=0) - expected) < 4 * error + 1e-4)


def test_its_spectra_are_those_of_the_training_events(sampler: Sampler) -> None:
    truth, sample = synthetic_events(20_000, seed=3, mean_objects=3), sampler.sample(20_000, seed=3)
    leading = [np.median(batch.pt[batch.offsets[:-1]]) for batch in (truth, sample)]
    assert leading[1] == pytest.approx(leading[0], rel=0.1)
    assert np.std(sample.eta) == pytest.approx(np.std(truth.eta), rel=0.05)
    assert abs(np.exp(1j * sample.phi).mean()) < 0.02
