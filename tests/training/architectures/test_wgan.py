from pathlib import Path

import numpy as np
import pytest

from service.sampler import Sampler
from tests.support.runs import StoppedError, checkpoint, exported, fit
from tests.support.synthetic import synthetic_events
from tests.support.tiny_runs import prepared_run
from training.data.cache import Tables
from training.progress import Progress
from training.run import Run

CONFIG = {
    "model": "wgan",
    "seed": 1,
    "slots": 5,
    "split": {"train": 0.7, "validation": 0.2},
    "gan": {"latent": 8, "generator": [32, 32], "critic": [32, 32], "critic_steps": 3, "penalty": 10.0},
    "fit": {"batch_size": 20, "epochs": 30, "patience": 30, "learning_rate": 2e-3},
}
EVENTS = synthetic_events(400, seed=1, mean_objects=3)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Tables, Progress]:
    run, tables = prepared_run(tmp_path_factory.mktemp("wgan"), CONFIG, EVENTS)
    return run, tables, fit(run, tables, "gan")


@pytest.fixture(scope="module")
def sampler(fitted: tuple[Run, Tables, Progress], tmp_path_factory: pytest.TempPathFactory) -> Sampler:
    return exported(fitted[0], tmp_path_factory.mktemp("shelf"))


def test_generated_rows_come_closer_to_real_ones(fitted: tuple[Run, Tables, Progress]) -> None:
    progress = fitted[2]
    assert progress.best_loss < 0.7 * progress.losses[0][1]
    assert progress.best_loss == min(validation for _, validation in progress.losses)


def test_a_resumed_fit_ends_with_the_weights_of_one_that_was_not_stopped(
    fitted: tuple[Run, Tables, Progress], tmp_path: Path
) -> None:
    run, tables = prepared_run(tmp_path, CONFIG, EVENTS)
    with pytest.raises(StoppedError):
        fit(run, tables, "gan", stop_after=2)
    assert fit(run, tables, "gan") == fitted[2]
    for ours, theirs in zip(checkpoint(run, "gan"), checkpoint(fitted[0], "gan"), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_its_events_have_objects_like_the_training_events(sampler: Sampler) -> None:
    events = sampler.sample(2000, seed=1, validity="all")
    assert events.multiplicity.max() <= 5
    assert 1 < events.multiplicity.mean() < 5
    # Most objects of the made-up events are jets.
    assert np.mean(events.type == 0) > 0.4
    assert 40 < np.median(events.pt) < 200
