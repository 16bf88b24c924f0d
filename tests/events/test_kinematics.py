"""Four-vectors, against the `vector` library as an oracle."""

from typing import Any

import numpy as np
import pytest
import vector

from events import kinematics

RNG = np.random.default_rng(21)
N = 1000
PT, ETA, PHI = RNG.exponential(50, N) + 1, RNG.normal(0, 1.5, N), RNG.uniform(-np.pi, np.pi, N)
MASS = RNG.exponential(10, N)
MOMENTA: Any = vector.array({"pt": PT, "eta": ETA, "phi": PHI, "mass": MASS})


def test_components_and_energy() -> None:
    np.testing.assert_allclose(kinematics.momentum_x(PT, PHI), MOMENTA.px, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(kinematics.momentum_y(PT, PHI), MOMENTA.py, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(kinematics.momentum_z(PT, ETA), MOMENTA.pz, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(kinematics.momentum(PT, ETA), MOMENTA.p, rtol=1e-12)
    np.testing.assert_allclose(kinematics.energy(PT, ETA, MASS), MOMENTA.E, rtol=1e-12)


def test_mass_undoes_energy() -> None:
    energy = kinematics.energy(PT, ETA, MASS)
    np.testing.assert_allclose(kinematics.mass(energy, PT, ETA), MASS, rtol=1e-6, atol=1e-6)


def test_mass_is_zero_where_the_energy_is_below_the_momentum() -> None:
    energy = 0.9 * kinematics.momentum(PT, ETA)
    assert np.all(kinematics.mass_squared(energy, PT, ETA) < 0)
    assert np.all(kinematics.mass(energy, PT, ETA) == 0)


def test_distances() -> None:
    other = MOMENTA[np.roll(np.arange(N), 1)]
    np.testing.assert_allclose(
        np.abs(kinematics.delta_phi(PHI, np.roll(PHI, 1))), np.abs(MOMENTA.deltaphi(other)), atol=1e-12
    )
    found = kinematics.delta_r(ETA, PHI, np.roll(ETA, 1), np.roll(PHI, 1))
    np.testing.assert_allclose(found, MOMENTA.deltaR(other), rtol=1e-12)


@pytest.mark.parametrize(("first", "second", "expected"), [(3.1, -3.1, 6.2 - 2 * np.pi), (0.5, 0.2, 0.3)])
def test_azimuths_differ_by_less_than_a_turn(first: float, second: float, expected: float) -> None:
    assert kinematics.delta_phi(np.array(first), np.array(second)) == pytest.approx(expected)
