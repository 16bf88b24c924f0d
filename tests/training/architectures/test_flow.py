import numpy as np
import pytest

from events.selection import valid_events
from service.sampler import Sampler
from tests.support.runs import exported, fit
from tests.support.synthetic import synthetic_events
from tests.support.tiny_runs import prepared_run
from training.autoregressive.settings import Settings
from training.config import TrainingConfig
from training.data.cache import Tables
from training.progress import Progress
from training.run import Run

CONFIG = {
    "model": "flow",
    "seed": 1,
    "frequent_share": 0.85,
    "slots": 6,
    "strata": [2],
    "split": {"train": 0.7, "validation": 0.2},
    "network": {
        "width": 8, "layers": 1, "attention": 4, "heads": 2, "feedforward": 8, "hidden": 8, "pair": 4,
        "bins": 32, "harmonics": [2, 2],
    },
    "fit": {
        "batch_size": 25, "epochs": 4, "patience": 4, "learning_rate": 1e-2, "schedule": "cosine",
        "clip": 1.0, "average": 0.9,
    },
}  # fmt: skip
EVENTS = synthetic_events(600, seed=1, mean_objects=3)
NETWORK = "densities"


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Tables, Progress]:
    run, tables = prepared_run(tmp_path_factory.mktemp("flow"), CONFIG, EVENTS)
    return run, tables, fit(run, tables, NETWORK)


@pytest.fixture(scope="module")
def sampler(fitted: tuple[Run, Tables, Progress], tmp_path_factory: pytest.TempPathFactory) -> Sampler:
    return exported(fitted[0], tmp_path_factory.mktemp("shelf"))


def test_events_with_too_many_objects_are_left_out(fitted: tuple[Run, Tables, Progress]) -> None:
    run, tables, _ = fitted
    with np.load(run.folder / "masks.npz") as stored:
        masks = stored["masks"]
    assert len(masks) == tables.rows["train"]["slots"]
    assert 0 < masks.sum(axis=1).min() <= masks.sum(axis=1).max() <= 6


def test_the_likelihood_rises(fitted: tuple[Run, Tables, Progress]) -> None:
    losses = fitted[2].losses
    for first, last in zip(losses[0], losses[-1], strict=True):
        assert last < first


def test_its_events_are_valid_and_physical_at_the_first_attempt(sampler: Sampler) -> None:
    events = sampler.sample(3000, seed=1, validity="all")
    # Synthetic events have nothing near the event criterion.
    assert valid_events(events).all()
    assert np.all(events.E >= events.pt * np.cosh(events.eta) * (1 - 1e-5))


def test_its_spectra_are_those_of_the_training_events(sampler: Sampler) -> None:
    truth, sample = synthetic_events(20_000, seed=3, mean_objects=3), sampler.sample(20_000, seed=3)
    leading = [np.median(batch.pt[batch.offsets[:-1]]) for batch in (truth, sample)]
    assert leading[1] == pytest.approx(leading[0], rel=0.1)
    # All synthetic jets have a mass of a tenth of their pT; leptons and photons have none.
    p = sample.pt.astype(np.float64) * np.cosh(sample.eta.astype(np.float64))
    mass = np.sqrt(np.maximum(np.square(sample.E.astype(np.float64)) - p * p, 0)) / sample.pt
    np.testing.assert_allclose(mass, np.where(sample.type < 2, 0.1, 0), atol=0.01)
    assert abs(np.exp(1j * sample.phi).mean()) < 0.02


def test_strata_hold_events_by_their_number_of_objects() -> None:
    settings = Settings.of(TrainingConfig.from_dict(CONFIG))
    assert settings.stratum(np.array([1, 2, 3, 6])).tolist() == [0, 0, 1, 1]
