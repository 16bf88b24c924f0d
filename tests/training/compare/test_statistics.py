import numpy as np
import pytest

from training.compare.observables import Observable
from training.compare.statistics import separation, shift


def normal(mean: float, n: int, seed: int) -> Observable:
    return Observable("x", "x", np.random.default_rng(seed).normal(mean, 2, n))


def test_a_shift_is_told_in_standard_deviations() -> None:
    found = shift(normal(0, 20_000, 1), normal(1, 5_000, 2))
    assert found is not None
    assert found.sigmas == pytest.approx(0.5, abs=4 * found.error)
    assert found.error == pytest.approx(np.hypot(1 / np.sqrt(20_000), 1 / np.sqrt(5_000)), rel=0.05)


def test_what_hardly_any_event_has_is_not_compared() -> None:
    rare = Observable("x", "x", np.array([1.0] * 19 + [np.nan] * 100))
    assert shift(rare, normal(0, 100, 1)) is None


def test_the_same_distribution_cannot_be_told_apart() -> None:
    found = separation({"x": normal(0, 2000, 1)}, {"x": normal(0, 4000, 2)}, seed=1)
    assert found.auc == pytest.approx(0.5, abs=4 * found.error)
    assert found.events == (2000, 4000)


def test_shifted_gaussians_are_told_apart_as_well_as_can_be() -> None:
    """The best area for two Gaussians d standard deviations apart is Phi(d / sqrt 2), 0.760 at d = 1."""
    found = separation({"x": normal(0, 4000, 1)}, {"x": normal(2, 4000, 2)}, seed=1)
    assert found.auc == pytest.approx(0.760, abs=0.02)
    assert 0.004 < found.error < 0.007
