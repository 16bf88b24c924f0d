import numpy as np
import pytest

from training.evaluation.distances import feature_distances

RNG = np.random.default_rng(11)
TRUTH = RNG.normal(size=200_000)


def test_a_sample_is_at_distance_zero_from_itself() -> None:
    found = feature_distances(TRUTH, TRUTH)
    assert (found.WD, found.JS, found.KL) == pytest.approx((0, 0, 0), abs=1e-12)


def test_the_wasserstein_distance_of_a_shift_is_the_shift() -> None:
    width = TRUTH.max() - TRUTH.min()
    assert feature_distances(TRUTH, TRUTH + 0.3).WD == pytest.approx(0.3 / width)


def test_the_divergence_of_two_gaussians_is_the_analytic_one() -> None:
    sample = np.random.default_rng(12).normal(0.3, 1.2, 200_000)
    expected = np.log(1.2) + (1 + 0.3**2) / (2 * 1.2**2) - 0.5
    assert feature_distances(TRUTH, sample).KL == pytest.approx(expected, abs=0.003)


def test_disjoint_samples_are_at_the_largest_jensen_shannon_distance() -> None:
    truth = np.repeat([0.0, 1.0], 50)
    assert feature_distances(truth, np.full(100, 0.5)).JS == pytest.approx(1, abs=1e-3)


def test_values_outside_of_truth_s_range_count() -> None:
    far = np.full(1000, TRUTH.max() + 10)
    assert feature_distances(TRUTH, far).JS > 0.99


def test_no_values_is_an_error() -> None:
    with pytest.raises(ValueError, match="values on both sides"):
        feature_distances(TRUTH, np.array([]))
