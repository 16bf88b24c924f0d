from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from events.batch import EventBatch
from tests.support.synthetic import synthetic_events
from training.evaluation.distances import distances, distances_with_errors, feature_distances

RNG = np.random.default_rng(11)
TRUTH = RNG.normal(size=200_000)


def shifted(batch: EventBatch, factor: float) -> EventBatch:
    return replace(batch, met=(batch.met * factor).astype(np.float32))


def test_a_sample_is_at_distance_zero_from_itself() -> None:
    found = feature_distances(TRUTH, TRUTH)
    assert (found.WD, found.JS, found.KL) == pytest.approx((0, 0, 0), abs=1e-12)


def test_the_wasserstein_distance_of_a_shift_is_the_shift() -> None:
    width = TRUTH.max() - TRUTH.min()
    assert feature_distances(TRUTH, TRUTH + 0.3).WD == pytest.approx(0.3 / width)


def test_distances_of_two_gaussians_are_the_analytic_ones() -> None:
    sample = np.random.default_rng(12).normal(0.3, 1.2, 200_000)
    p, q = norm(0, 1).pdf, norm(0.3, 1.2).pdf

    def divergence(x: float) -> float:
        mean = (p(x) + q(x)) / 2
        return float(p(x) * np.log2(p(x) / mean) + q(x) * np.log2(q(x) / mean)) / 2

    found = feature_distances(TRUTH, sample)
    assert found.KL == pytest.approx(np.log(1.2) + (1 + 0.3**2) / (2 * 1.2**2) - 0.5, abs=0.003)
    assert found.JS == pytest.approx(np.sqrt(quad(divergence, -6, 6)[0]), rel=0.02)


def test_disjoint_samples_are_at_the_largest_jensen_shannon_distance() -> None:
    truth = np.repeat([0.0, 1.0], 50)
    assert feature_distances(truth, np.full(100, 0.5)).JS == pytest.approx(1, abs=1e-3)


def test_values_outside_of_truth_s_range_count() -> None:
    far = np.full(1000, TRUTH.max() + 10)
    assert feature_distances(TRUTH, far).JS > 0.99


def test_no_values_is_an_error() -> None:
    with pytest.raises(ValueError, match="values on both sides"):
        feature_distances(TRUTH, np.array([]))


def test_distances_grow_with_a_shift() -> None:
    truth, other = synthetic_events(5000, seed=1), synthetic_events(5000, seed=2)
    found = [distances(truth, shifted(other, factor)).WD for factor in (1.0, 1.5, 3.0)]
    assert found == sorted(found)
    assert found[0] < 0.01


def test_errors_come_with_the_same_distances() -> None:
    truth, other = synthetic_events(3000, seed=1), shifted(synthetic_events(3000, seed=2), 1.5)
    features, figures = distances_with_errors(truth, other, np.random.default_rng(1))
    plain = distances(truth, other)
    assert [one.value for one in figures] == pytest.approx([plain.WD, plain.JS, plain.KL])
    worst = max(features, key=lambda one: one.WD.value / one.WD.error)
    assert worst.name == "met.met"
    assert worst.events == 3000


def test_errors_are_the_spread_over_samples() -> None:
    truth = synthetic_events(4000, seed=1)
    others = [shifted(synthetic_events(1000, seed), 1.5) for seed in range(2, 22)]
    spread = np.std([distances(truth, other).WD for other in others], ddof=1)
    _, (wd, *_) = distances_with_errors(truth, others[0], np.random.default_rng(1))
    assert spread / 1.7 < wd.error < 1.7 * spread


def test_too_few_events_are_refused() -> None:
    few = synthetic_events(20, seed=1)
    with pytest.raises(ValueError, match="more events are needed"):
        distances(few, few)
