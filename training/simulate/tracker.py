"""Tracks of charged particles: efficiency and momentum resolution."""

from dataclasses import dataclass

import numpy as np

from training.simulate.arrays import Floats, Ints
from training.simulate.calorimeter import log_normal
from training.simulate.particles import ELECTRON, MUON, Particles
from training.simulate.response import Response


@dataclass(frozen=True, slots=True)
class Tracks:
    """Tracks of n events, ordered by event. GeV and radians.

    Attributes:
        particle: Index of the particle that left the track, int64[t].
        event: Index of its event, int64[t].
        pdg_id: PDG number of the particle, int64[t].
        pt: Measured transverse momentum, float64[t].
        resolution: Relative resolution of it, float64[t].
        eta: Pseudorapidity, measured perfectly, float64[t].
        phi: Azimuth, measured perfectly, float64[t].
    """

    particle: Ints
    event: Ints
    pdg_id: Ints
    pt: Floats
    resolution: Floats
    eta: Floats
    phi: Floats

    @property
    def energy(self) -> Floats:
        """Energy of a massless particle with the measured momentum."""
        return self.pt * np.cosh(self.eta)


def find_tracks(particles: Particles, response: Response, rng: np.random.Generator) -> Tracks:
    """The tracks that charged particles leave."""
    pt, eta, flavour = particles.pt, particles.eta, np.abs(particles.pdg_id)
    charged = particles.charge != 0
    kinds = (
        (response.electron_tracks, charged & (flavour == ELECTRON)),
        (response.muon_tracks, charged & (flavour == MUON)),
        (response.hadron_tracks, charged & (flavour != ELECTRON) & (flavour != MUON)),
    )
    efficiency, resolution = np.zeros(len(particles)), np.zeros(len(particles))
    for track_response, mask in kinds:
        efficiency[mask] = track_response.efficiency(eta[mask], pt[mask])
        resolution[mask] = track_response.relative_resolution(pt[mask], eta[mask])
    found = np.flatnonzero(rng.random(len(particles)) < efficiency)
    return Tracks(
        particle=found,
        event=particles.event[found],
        pdg_id=particles.pdg_id[found],
        pt=log_normal(pt[found], resolution[found] * pt[found], rng),
        resolution=resolution[found],
        eta=eta[found],
        phi=particles.phi[found],
    )
