import numpy as np
import pytest

from events.kinematics import delta_phi
from training.simulate.arrays import Floats
from training.simulate.calorimeter import Towers
from training.simulate.jets import Jets, b_tagged, find_jets
from training.simulate.particles import Particles
from training.simulate.response import JetResponse

UNSCALED = JetResponse(scale=(0.0, 0.0), pt_min=5.0)


def some_towers(n: int, seed: int, events: int = 3) -> Towers:
    rng = np.random.default_rng(seed)
    event = rng.integers(0, events, n)  # not ordered, as after merging two calorimeters
    energy = np.where(rng.random(n) < 0.2, 0.0, rng.exponential(20, n))
    return Towers(event, energy, np.ones(n), rng.uniform(-2, 2, n), rng.uniform(-3.1, 3.1, n))


def slow_anti_kt(p: Floats, radius: float) -> list[Floats]:
    """The definition of arXiv:0802.1189 word for word; momenta are rows (px, py, pz, E)."""
    left, jets = list(p), []
    while left:
        weight = [1 / (q[0] ** 2 + q[1] ** 2) for q in left]
        rapidity = [0.5 * np.log((q[3] + q[2]) / (q[3] - q[2])) for q in left]
        best, pair = min((w, (i, -1)) for i, w in enumerate(weight))
        for i in range(len(left)):
            for k in range(i):
                angle = delta_phi(np.arctan2(left[i][1], left[i][0]), np.arctan2(left[k][1], left[k][0]))
                distance = ((rapidity[i] - rapidity[k]) ** 2 + angle**2) / radius**2
                if min(weight[i], weight[k]) * distance < best:
                    best, pair = min(weight[i], weight[k]) * distance, (i, k)
        first = left.pop(pair[0])
        if pair[1] < 0:
            jets.append(first)
        else:
            left[pair[1]] = left[pair[1]] + first
    return jets


def test_jets_are_those_of_the_definition() -> None:
    towers = some_towers(60, 1)
    jets = find_jets(towers, 3, UNSCALED)
    x, y, z = towers.pt * np.cos(towers.phi), towers.pt * np.sin(towers.phi), towers.pt * np.sinh(towers.eta)
    momenta = np.column_stack([x, y, z, towers.energy])
    for event in range(3):
        chosen = momenta[(towers.event == event) & (towers.energy > 0)]
        expected = sorted(jet[3] for jet in slow_anti_kt(chosen, 0.6) if np.hypot(jet[0], jet[1]) > 5)
        np.testing.assert_allclose(np.sort(jets.E[jets.event == event]), expected)


def test_towers_know_their_jets() -> None:
    towers = some_towers(400, 2)
    jets = find_jets(towers, 3, UNSCALED)
    inside = jets.jet_of_tower >= 0
    sums = np.bincount(jets.jet_of_tower[inside], towers.energy[inside])
    np.testing.assert_allclose(sums, jets.E)
    np.testing.assert_array_equal(jets.event[jets.jet_of_tower[inside]], towers.event[inside])


def test_no_jets_are_no_error() -> None:
    assert not len(find_jets(some_towers(0, 1), 3, UNSCALED).event)


def heavy(pdg_id: int, eta: float, pt: float) -> Particles:
    columns = (np.array([value]) for value in (0.0, pt, 0.0, pt * np.sinh(eta), pt * np.cosh(eta)))
    return Particles(1, np.array([0]), np.array([pdg_id]), *columns)


@pytest.mark.parametrize(
    ("quark", "flavour"),
    [(heavy(-5, 0.3, 20), 5), (heavy(4, 0.3, 20), 4), (heavy(5, 0.6, 20), 0), (heavy(5, 0.0, 0.9), 0)],
)
def test_jets_have_the_flavour_of_quarks_in_their_cone(quark: Particles, flavour: int) -> None:
    n = 40_000
    pt = np.full(n, 100.0)
    jets = Jets(np.zeros(n, np.int64), pt, pt, 0 * pt, 0 * pt, np.zeros(0, np.int64))
    tagged = b_tagged(jets, quark, JetResponse(), np.random.default_rng(1))
    expected = JetResponse().tag_efficiency(pt[:1], np.array([flavour]))[0]
    assert tagged.mean() == pytest.approx(expected, abs=0.01)
