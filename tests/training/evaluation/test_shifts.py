import numpy as np
import pytest

from training.evaluation.observables import Observable
from training.evaluation.shifts import shifts


def normal(mean: float, n: int, seed: int) -> Observable:
    return Observable("x", "x", "GeV", np.random.default_rng(seed).normal(mean, 2, n))


def test_a_shift_is_told_in_standard_deviations() -> None:
    (found,) = shifts({"x": normal(0, 20_000, 1)}, {"x": normal(1, 5_000, 2)})
    assert found.label == "x [GeV]"
    assert found.sample - found.truth == pytest.approx(1, abs=0.2)
    assert found.sigmas == pytest.approx(0.5, abs=4 * found.error)
    assert found.error == pytest.approx(np.hypot(1 / np.sqrt(20_000), 1 / np.sqrt(5_000)), rel=0.05)


def test_what_hardly_any_event_has_is_not_compared() -> None:
    rare = Observable("x", "x", "", np.array([1.0] * 19 + [np.nan] * 100))
    assert not list(shifts({"x": rare}, {"x": normal(0, 100, 1)}))
