"""Where particles from the interaction point meet the calorimeter, in a solenoid's field."""

import numpy as np

from training.simulate.arrays import Floats
from training.simulate.particles import Particles
from training.simulate.response import Response

_METRES_PER_GEV_TESLA = 1 / 0.299792458


def impact_point(particles: Particles, response: Response) -> tuple[Floats, Floats]:
    """Pseudorapidity and azimuth of the point where each particle leaves the tracking volume.

    All particles start at the origin. A charged one follows a helix to the barrel or, where it curls up or
    flies forward, to the end cap.

    Returns:
        eta and phi of the point, float64[m] each.
    """
    pt = np.maximum(particles.pt, 1e-12)
    bend = np.where(particles.charge == 0, 1.0, particles.charge) * response.magnetic_field
    helix_radius = pt * _METRES_PER_GEV_TESLA / np.abs(bend)
    with np.errstate(divide="ignore"):
        end_cap_angle = response.half_length * pt / (np.abs(particles.pz) * helix_radius)
    barrel_angle = 2 * np.arcsin(np.minimum(response.radius / (2 * helix_radius), 1.0))
    barrel_angle[response.radius > 2 * helix_radius] = np.inf
    angle = np.minimum(barrel_angle, end_cap_angle)
    # A neutral pion at rest transversally, or a curler without any pz, goes nowhere: keep its direction.
    curved = (particles.charge != 0) & np.isfinite(angle)
    angle = np.where(curved, angle, 0.0)
    chord_x, chord_y = np.sin(angle), np.copysign(1 - np.cos(angle), -bend)
    phi = np.where(curved, particles.phi + np.arctan2(chord_y, chord_x), particles.phi)
    chord = 2 * helix_radius * np.abs(np.sin(angle / 2))
    z = particles.pz / pt * helix_radius * angle
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.where(curved, np.arcsinh(z / chord), particles.eta)
    return eta, (phi + np.pi) % (2 * np.pi) - np.pi
