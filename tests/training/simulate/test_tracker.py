import numpy as np
import pytest

from training.simulate.particles import ELECTRON, MUON, Particles
from training.simulate.response import Response
from training.simulate.tracker import find_tracks

N = 40_000


def beam_of(pdg_id: int, charge: float, pt: float, eta: float) -> Particles:
    ones = np.ones(N)
    p_z = pt * np.sinh(eta) * ones
    ids = np.full(N, pdg_id)
    return Particles(N, np.arange(N), ids, charge * ones, pt * ones, 0 * ones, p_z, np.hypot(pt, p_z))


@pytest.mark.parametrize(
    ("pdg_id", "pt", "eta", "efficiency", "resolution"),
    [
        (ELECTRON, 50.0, 1.0, 0.95, np.hypot(0.05, 0.085)),
        (MUON, 50.0, 2.0, 0.98, np.hypot(0.025, 0.0175)),
        (211, 0.5, 0.2, 0.70, np.hypot(0.06, 0.00065)),
        (211, 5.0, 2.7, 0.0, 0.0),
    ],
)
def test_tracks_are_found_and_measured_as_stated(
    pdg_id: int, pt: float, eta: float, efficiency: float, resolution: float
) -> None:
    tracks = find_tracks(beam_of(pdg_id, -1.0, pt, eta), Response(), np.random.default_rng(1))
    assert len(tracks.pt) / N == pytest.approx(efficiency, abs=0.01)
    if efficiency:
        assert tracks.pt.std() / pt == pytest.approx(resolution, rel=0.03)


def test_neutral_particles_leave_no_track() -> None:
    assert not len(find_tracks(beam_of(22, 0.0, 50.0, 0.0), Response(), np.random.default_rng(1)).pt)
