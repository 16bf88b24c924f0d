"""Four-vector kinematics on arrays of any shape. Energies and momenta in GeV, angles in radians."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.floating]


def momentum_x(pt: Array, phi: Array) -> Array:
    """The x component of the momentum."""
    return pt * np.cos(phi)


def momentum_y(pt: Array, phi: Array) -> Array:
    """The y component of the momentum."""
    return pt * np.sin(phi)


def momentum_z(pt: Array, eta: Array) -> Array:
    """The component of the momentum along the beam."""
    return pt * np.sinh(eta)


def momentum(pt: Array, eta: Array) -> Array:
    """The magnitude of the momentum."""
    return pt * np.cosh(eta)


def energy(pt: Array, eta: Array, mass: Array) -> Array:
    """The energy of a particle on its mass shell."""
    return np.hypot(momentum(pt, eta), mass)


def mass_squared(E: Array, pt: Array, eta: Array) -> Array:
    """E^2 - p^2, computed in double precision; negative where rounding or a generator made E < p."""
    p = momentum(np.asarray(pt, np.float64), np.asarray(eta, np.float64))
    return (np.asarray(E, np.float64) - p) * (np.asarray(E, np.float64) + p)


def mass(E: Array, pt: Array, eta: Array) -> Array:
    """The invariant mass, 0 where E < p."""
    return np.sqrt(np.maximum(mass_squared(E, pt, eta), 0.0))


def delta_phi(phi_1: Array, phi_2: Array) -> Array:
    """The signed difference of two azimuths, in [-pi, pi)."""
    return (phi_1 - phi_2 + np.pi) % (2 * np.pi) - np.pi


def delta_r(eta_1: Array, phi_1: Array, eta_2: Array, phi_2: Array) -> Array:
    """The distance in the plane of pseudorapidity and azimuth."""
    return np.hypot(eta_1 - eta_2, delta_phi(phi_1, phi_2))
