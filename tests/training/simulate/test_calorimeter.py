from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from training.simulate.calorimeter import log_normal, read_out, tower_grid
from training.simulate.response import CalorimeterResponse, Response

PERFECT = replace(Response().hcal, resolution=(), energy_min=0.0)


@pytest.mark.parametrize("response", [Response().ecal, Response().hcal])
def test_a_point_in_a_tower_is_in_that_tower(response: CalorimeterResponse) -> None:
    grid, rng = tower_grid(response), np.random.default_rng(1)
    towers = rng.integers(0, grid.n_towers, 5000)
    np.testing.assert_array_equal(grid.tower_of(*grid.point_in(towers, rng)), towers)


def test_nothing_is_hit_outside() -> None:
    grid = tower_grid(Response().hcal)
    assert grid.tower_of(np.array([-5.0, 5.0, np.inf]), np.zeros(3)).tolist() == [-1, -1, -1]


def test_towers_hold_what_a_loop_adds_up() -> None:
    rng, grid = np.random.default_rng(2), tower_grid(PERFECT)
    event = np.sort(rng.integers(0, 5, 400))
    eta, phi, energy = rng.normal(0, 2, 400), rng.uniform(-3.14, 3.14, 400), rng.exponential(3, 400)
    expected: dict[tuple[int, int], float] = defaultdict(float)
    for k, tower in enumerate(grid.tower_of(eta, phi).tolist()):
        if tower >= 0:
            expected[int(event[k]), tower] += energy[k]
    readout = read_out(PERFECT, event, eta, phi, energy, rng)
    towers = readout.towers
    cells = zip(towers.event.tolist(), grid.tower_of(towers.eta, towers.phi).tolist(), strict=True)
    assert dict(zip(cells, towers.energy.tolist(), strict=True)) == pytest.approx(expected)
    hit = readout.tower_of_hit >= 0
    np.testing.assert_array_equal(towers.event[readout.tower_of_hit[hit]], event[hit])


def test_towers_below_the_noise_are_lost() -> None:
    response = Response().hcal
    eta, energy = np.zeros(4000), np.full(4000, 3.0)
    towers = read_out(response, np.arange(4000), eta, eta, energy, np.random.default_rng(3)).towers
    kept = towers.energy[towers.energy > 0]
    assert 0.2 < len(kept) / 4000 < 0.6
    assert np.all(kept >= 2 * response.sigma(kept, kept * 0))


def test_log_normal_numbers_have_the_mean_and_the_width() -> None:
    mean, sigma = np.full(200_000, 10.0), np.full(200_000, 3.0)
    drawn = log_normal(mean, sigma, np.random.default_rng(4))
    assert drawn.min() > 0
    assert drawn.mean() == pytest.approx(10, abs=0.03)
    assert drawn.std() == pytest.approx(3, abs=0.05)
