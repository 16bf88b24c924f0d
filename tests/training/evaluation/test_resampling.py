import numpy as np
import pytest

from training.evaluation.resampling import Batches, bootstrap_weights, mean_and_error

RNG = np.random.default_rng(3)


def test_weights_draw_as_many_events_as_there_are() -> None:
    weights = bootstrap_weights(1000, RNG, resamples=50)
    assert (weights[0] == 1).all()
    assert (weights[1:].sum(axis=1) == 1000).all()
    assert weights[1:].var(axis=1).mean() == pytest.approx(1, abs=0.05)


def test_the_spread_of_resampled_means_is_their_error() -> None:
    values = RNG.normal(0, 3, 2000)
    weights = bootstrap_weights(2000, RNG, resamples=400)
    assert (weights[1:] @ values / 2000).std() == pytest.approx(3 / np.sqrt(2000), rel=0.1)


def test_batches_are_disjoint() -> None:
    rows = np.arange(100.0)[:, None]
    pairs = list(Batches(3, 30).pairs(rows, -rows, RNG))
    seen = np.concatenate([first for first, _ in pairs])
    assert [len(first) for first, _ in pairs] == [30, 30, 30]
    assert len(np.unique(seen)) == 90
    assert all((second <= 0).all() for _, second in pairs)


def test_few_rows_make_smaller_batches() -> None:
    rows = np.arange(100.0)[:, None]
    assert [len(first) for first, _ in Batches(3, 80).pairs(rows, rows[:50], RNG)] == [16, 16, 16]


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="3 events cannot be cut"):
        Batches(2, 10).pairs(np.zeros((3, 1)), np.zeros((9, 1)), RNG)


def test_the_error_of_a_mean_is_that_of_its_parts() -> None:
    assert mean_and_error(np.array([1.0, 2.0, 3.0])) == pytest.approx((2, 1 / np.sqrt(3)))
