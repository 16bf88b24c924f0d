import numpy as np
import pytest

from training.simulate.response import JetResponse, Response, Steps

STEPS = Steps((1.5, 2.5), (0.1, 1.0), ((0.7, 0.95), (0.6, 0.85)))


def slow_steps(eta: float, pt: float) -> float:
    if pt <= 0.1 or abs(eta) > 2.5:
        return 0.0
    if abs(eta) <= 1.5:
        return 0.7 if pt <= 1.0 else 0.95
    return 0.6 if pt <= 1.0 else 0.85


def test_steps_are_those_of_plain_conditions() -> None:
    eta, pt = (axis.ravel() for axis in np.meshgrid(np.linspace(-3, 3, 61), [0, 0.1, 0.5, 1.0, 1.1, 50]))
    expected = [slow_steps(e, p) for e, p in zip(eta.tolist(), pt.tolist(), strict=True)]
    assert STEPS(eta, pt).tolist() == expected


@pytest.mark.parametrize(("eta", "sigma"), [(0.5, 3.1418), (2.0, 3.7448), (4.0, 5.5268), (4.95, 0.0)])
def test_hadronic_resolution_at_25_gev(eta: float, sigma: float) -> None:
    found = Response().hcal.sigma(np.array([25.0]), np.array([-eta]))
    np.testing.assert_allclose(found, sigma, atol=1e-3)


def test_softest_jets_lie_at_the_edge_that_real_files_show() -> None:
    edge = JetResponse().energy_scale(np.array([20.0, 20.0]), np.array([0.0, 2.8])) * 20
    np.testing.assert_allclose(edge, [24.083, 22.783], atol=1e-3)


def test_b_jets_are_tagged_more_often_than_charm_and_charm_more_than_light() -> None:
    pt = np.full(3, 80.0)
    b, charm, light = JetResponse().tag_efficiency(pt, np.array([5, 4, 0]))
    assert b == pytest.approx(0.717, abs=1e-3)
    assert b > charm > light > 0


def test_track_resolution_adds_in_quadrature() -> None:
    found = Response().muon_tracks.relative_resolution(np.array([100.0, 100.0]), np.array([1.0, 2.6]))
    np.testing.assert_allclose(found, [np.hypot(0.015, 0.015), 0.0])
