import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import sqrtm

from training.evaluation.physics_distances import (
    frechet_distance,
    frechet_figure,
    kernel_discrepancy,
    kernel_figure,
    sliced_wasserstein_figure,
)
from training.evaluation.resampling import Batches

Matrix = npt.NDArray[np.float64]
BATCHES = Batches(8, 500)


def normal(seed: int, mean: float = 0.0, n: int = 6000) -> Matrix:
    """Points of six standard Gaussians, the first of which may be shifted."""
    points = np.random.default_rng(seed).standard_normal((n, 6))
    points[:, 0] += mean
    return points


def discrepancy_slowly(x: Matrix, y: Matrix) -> float:
    """The slow plain twin: the kernel pair by pair."""

    def mean(a: Matrix, b: Matrix, *, same: bool) -> float:
        pairs = [(i, j) for i in range(len(a)) for j in range(len(b)) if not same or i != j]
        return float(np.mean([(a[i] @ b[j] / a.shape[1] + 1) ** 4 for i, j in pairs]))

    return mean(x, x, same=True) + mean(y, y, same=True) - 2 * mean(x, y, same=False)


def test_the_distance_of_gaussians_is_that_of_the_slow_twin() -> None:
    rng = np.random.default_rng(1)
    covariances = [(a @ a.T) for a in rng.standard_normal((2, 4, 4))]
    means = rng.standard_normal((2, 4))
    root = sqrtm(covariances[0] @ covariances[1]).real
    expected = ((means[0] - means[1]) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)
    found = frechet_distance(means[0], covariances[0], means[1], covariances[1])
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_equal_distributions_are_at_frechet_distance_zero(seed: int) -> None:
    found = frechet_figure(normal(2 * seed), normal(2 * seed + 1), np.random.default_rng(1))
    assert abs(found.value) < 4 * found.error
    assert found.error < 0.005


def test_the_frechet_distance_of_a_shift_is_its_square() -> None:
    found = frechet_figure(normal(1), normal(2, mean=0.5), np.random.default_rng(1))
    assert found.value == pytest.approx(0.25, abs=4 * found.error)
    assert found.error == pytest.approx(2 * 0.5 * np.sqrt(2 / 6000), rel=0.5)


def test_the_kernel_discrepancy_is_that_of_the_slow_twin() -> None:
    x, y = normal(1, n=30), normal(2, mean=1, n=20)
    assert kernel_discrepancy(x, y) == pytest.approx(discrepancy_slowly(x, y))


def test_the_kernel_distance_tells_a_shift_from_none() -> None:
    rng = np.random.default_rng(1)
    none, shifted = (kernel_figure(normal(1), normal(2, mean), BATCHES, rng) for mean in (0.0, 0.5))
    assert abs(none.value) < 4 * none.error
    assert shifted.value > 5 * shifted.error


def test_the_sliced_distance_of_a_shift_is_its_projection() -> None:
    """A shift by s along one of d axes moves a projection by s |cos|, on average s E|u_1|."""
    found = sliced_wasserstein_figure(normal(1), normal(1, mean=2.0), np.random.default_rng(3))
    directions = np.random.default_rng(3).standard_normal((6, 50))
    expected = 2 * np.abs(directions[0] / np.linalg.norm(directions, axis=0)).mean()
    assert found.value == pytest.approx(expected, rel=1e-6)
    assert 0 < found.error < 0.1
