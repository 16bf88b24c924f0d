import numpy as np
import pytest

from events.kinematics import delta_r
from training.simulate.arrays import Ints
from training.simulate.identification import NO_TOWER, Candidates, identify, merge, relative_isolation
from training.simulate.response import Response

RESPONSE = Response()


def some(n: int, seed: int, tower: Ints | None = None) -> Candidates:
    rng = np.random.default_rng(seed)
    event, pt = np.sort(rng.integers(0, 4, n)), rng.exponential(8, n) + 0.1
    tower = np.full(n, NO_TOWER) if tower is None else tower
    return Candidates(event, np.full(n, 22), pt, rng.uniform(-1, 1, n), rng.uniform(-1, 1, n), tower)


def slow_isolation(candidates: Candidates, others: Candidates, i: int) -> float:
    total = 0.0
    for k in range(len(others)):
        near = delta_r(candidates.eta[i], candidates.phi[i], others.eta[k], others.phi[k]) < 0.5
        own = candidates.tower[i] == others.tower[k] != NO_TOWER
        if candidates.event[i] == others.event[k] and near and others.pt[k] > 0.5 and not own:
            total += others.pt[k]
    return total / float(candidates.pt[i])


def test_isolation_is_what_a_double_loop_adds_up() -> None:
    candidates, others = some(30, 1, np.arange(30)), some(60, 2, np.arange(60) % 35 - 1)
    expected = [slow_isolation(candidates, others, i) for i in range(30)]
    np.testing.assert_allclose(relative_isolation(candidates, others, RESPONSE), expected)


def test_lonely_photons_are_found_as_often_as_stated() -> None:
    n = 40_000
    zeros = np.zeros(n)
    photons = Candidates(np.arange(n), np.full(n, 22), zeros + 50, zeros, zeros, np.arange(n))
    found = identify(photons, photons, RESPONSE.photons, RESPONSE, np.random.default_rng(1))
    assert len(found) / n == pytest.approx(0.95, abs=0.005)


def test_merging_orders_by_event() -> None:
    merged = merge([some(10, 1), some(20, 2)])
    assert len(merged) == 30
    assert np.all(np.diff(merged.event) >= 0)
