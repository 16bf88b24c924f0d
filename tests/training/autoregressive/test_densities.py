import numpy as np
import pytest
import tensorflow as tf

from events.batch import Floats
from training.autoregressive.densities import invert, log_density

BINS = 6
LOGITS = np.random.default_rng(1).normal(0, 2, (5, BINS + 1)).astype(np.float32)
GRID = np.linspace(0, 1, 6001).astype(np.float32)


def density_on_grid(logits: Floats) -> Floats:
    """The plain definition: straight lines between the heights at the knots, over their area."""
    heights = np.exp(logits.astype(np.float64))
    values = np.interp(GRID, np.linspace(0, 1, BINS + 1), heights)
    return np.asarray(values / np.trapezoid(values, GRID), np.float32)


@pytest.mark.parametrize("row", range(len(LOGITS)))
def test_the_density_is_that_of_straight_lines_of_area_1(row: int) -> None:
    logits = np.repeat(LOGITS[row : row + 1], len(GRID), axis=0)
    found = np.exp(log_density(tf.constant(logits), tf.constant(GRID)).numpy())
    np.testing.assert_allclose(found, density_on_grid(LOGITS[row]), rtol=1e-4)


@pytest.mark.parametrize("row", range(len(LOGITS)))
def test_sampling_inverts_the_cumulative_distribution(row: int) -> None:
    uniform = np.linspace(0, 0.999, 500).astype(np.float32)
    logits = np.repeat(LOGITS[row : row + 1], len(uniform), axis=0)
    found = invert(tf.constant(logits), tf.constant(uniform)).numpy()
    density = density_on_grid(LOGITS[row]).astype(np.float64)
    steps = np.diff(GRID) * (density[1:] + density[:-1]) / 2
    np.testing.assert_allclose(np.interp(found, GRID, np.append(0, np.cumsum(steps))), uniform, atol=2e-4)


def test_a_density_that_is_almost_all_in_one_bin_can_be_inverted() -> None:
    logits = tf.constant([[-80.0, 0.0, 0.0, -80.0, -80.0]])
    for share in (0.0, 0.5, 1 - 2**-24):
        found = float(invert(logits, tf.constant([share], tf.float32))[0])
        assert 0 <= found <= 0.75 + 1e-3
    assert float(invert(logits, tf.constant([0.5]))[0]) == pytest.approx(0.375, abs=1e-5)
