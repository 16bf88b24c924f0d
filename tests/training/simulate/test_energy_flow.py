import numpy as np
import pytest

from training.simulate.calorimeter import Towers
from training.simulate.energy_flow import split_tower_energy
from training.simulate.response import Response


def towers(*energies: float) -> Towers:
    energy = np.array(energies)
    zeros = np.zeros(len(energy))
    return Towers(np.zeros(len(energy), np.int64), energy, Response().ecal.sigma(energy, zeros), zeros, zeros)


def test_energy_beyond_the_tracks_is_neutral() -> None:
    flow = split_tower_energy(
        Response().ecal, towers(50.0, 30.0), np.array([0, 0]), np.array([10.0, 10.0]), np.array([0.01, 0.01])
    )
    assert flow.neutral_energy.tolist() == [30.0, 30.0]
    assert flow.track_scale.tolist() == [1.0, 1.0]


def test_without_an_excess_both_measurements_are_combined() -> None:
    hit = towers(40.5)
    flow = split_tower_energy(Response().ecal, hit, np.array([0]), np.array([40.0]), np.array([0.02]))
    track_weight, tower_weight = 1 / (0.02 * 40) ** 2, 1 / hit.sigma[0] ** 2
    mean = (40.0 * track_weight + 40.5 * tower_weight) / (track_weight + tower_weight)
    assert flow.neutral_energy.tolist() == [0.0]
    assert flow.track_scale[0] == pytest.approx(mean / 40)


def test_tracks_that_hit_no_tower_change_nothing() -> None:
    flow = split_tower_energy(Response().ecal, towers(5.0), np.array([-1]), np.array([9.0]), np.array([0.1]))
    assert flow.neutral_energy.tolist() == [5.0]
