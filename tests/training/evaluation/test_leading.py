import numpy as np
import pytest

from events.objects import ObjectType
from tests.support.synthetic import synthetic_events
from training.evaluation.leading import JETS, Leading, distance, invariant_mass


def test_columns_are_the_objects_in_order_of_pt() -> None:
    batch = synthetic_events(200, seed=1)
    leading = Leading.of(batch, JETS, 3)
    for event in range(200):
        one = batch.slice(event, event + 1)
        jets = [k for k in range(one.n_objects) if one.type[k] in JETS]
        jets = sorted(jets, key=lambda k: -float(one.pt[k]))[:3]
        expected = [*one.phi[jets].tolist(), *[np.nan] * (3 - len(jets))]
        np.testing.assert_allclose(leading.phi[event], expected)


def test_an_event_without_the_objects_has_none() -> None:
    batch = synthetic_events(50, seed=1)
    photons = Leading.of(batch, (ObjectType.PHOTON,), 1)
    assert np.isnan(photons.pt[:, 0]).tolist() == (batch.masks()[:, ObjectType.PHOTON] == 0).tolist()


def test_two_massless_objects_back_to_back_have_the_mass_of_their_energies() -> None:
    first, second = (
        Leading(np.array([50.0]), np.array([50.0]), np.zeros(1), np.array([phi])) for phi in (0, np.pi)
    )
    assert invariant_mass(first.momenta + second.momenta) == pytest.approx(100)
    assert distance(first, second) == pytest.approx(np.pi)


def test_a_particle_below_its_shell_has_no_mass() -> None:
    assert invariant_mass(np.array([[1.0], [2.0], [0.0], [0.0]])) == pytest.approx(0)
