import numpy as np
import pytest

from training.simulate.particles import Particles
from training.simulate.propagation import impact_point
from training.simulate.response import Response


def particle(px: float, py: float, pz: float, charge: float) -> Particles:
    columns = (np.array([value]) for value in (charge, px, py, pz, 100.0))
    return Particles(1, np.array([0]), np.array([211]), *columns)


def slow_impact(p: tuple[float, float, float], charge: float, response: Response) -> tuple[float, float]:
    """Step by step through the field: dp/ds = 0.2998 q (p x B) / |p|, lengths in metres."""
    position, momentum = np.zeros(3), np.array(p)
    field, step = np.array([0, 0, response.magnetic_field]), 1e-3
    while np.hypot(*position[:2]) < response.radius and abs(position[2]) < response.half_length:
        bend = 0.299792458 * charge * np.cross(momentum, field) / np.linalg.norm(momentum)
        middle = momentum + bend * step / 2
        position = position + middle / np.linalg.norm(middle) * step
        momentum = momentum + 0.299792458 * charge * np.cross(middle, field) / np.linalg.norm(middle) * step
    return float(np.arcsinh(position[2] / np.hypot(*position[:2]))), float(
        np.arctan2(position[1], position[0])
    )


@pytest.mark.parametrize("charge", [-1.0, 1.0])
@pytest.mark.parametrize("p", [(5.0, 1.0, 2.0), (0.4, -0.6, 0.3), (0.2, 0.1, 0.5), (-1.0, 0.5, 6.0)])
def test_helices_end_where_small_steps_end(p: tuple[float, float, float], charge: float) -> None:
    eta, phi = impact_point(particle(*p, charge), Response())
    assert (eta[0], phi[0]) == pytest.approx(slow_impact(p, charge, Response()), abs=4e-3)


def test_neutral_particles_fly_straight() -> None:
    straight = particle(0.2, -0.3, 0.4, 0.0)
    eta, phi = impact_point(straight, Response())
    assert (eta[0], phi[0]) == pytest.approx((straight.eta[0], straight.phi[0]))
