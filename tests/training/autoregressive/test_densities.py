import numpy as np
import pytest
import tensorflow as tf

from events.batch import Floats
from training.autoregressive.densities import Density, invert, log_density

BINS = 16
LOGITS = np.random.default_rng(1).normal(0, 2, (5, BINS + 1)).astype(np.float32)
GRID = np.linspace(0, 1, 16001).astype(np.float32)


def inverted(logits: Floats, uniform: Floats) -> Floats:
    """Positions [t, n] for numbers [t, n]."""
    return np.asarray(invert(tf.constant(logits), tf.constant(uniform), len(logits)))


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


@pytest.mark.parametrize("bins", [16, 32, 64, 96])
def test_sampling_inverts_with_any_number_of_bins(bins: int) -> None:
    """Some are cut into blocks as they are (33 and 65 knots), some are filled up (17 and 97)."""
    logits = np.random.default_rng(bins).normal(0, 2, (300, bins + 1)).astype(np.float32)
    uniform = np.linspace(0, 0.9999, 300).astype(np.float32)[None]
    found = inverted(logits, uniform)[0]
    heights = np.exp(logits.astype(np.float64))
    areas = np.cumsum((heights[:, 1:] + heights[:, :-1]) / 2, axis=1)
    for row, share, position in zip(range(300), uniform[0], found, strict=True):
        knots = np.append(0, areas[row])
        bin_ = min(int(position * bins), bins - 1)
        within, left, right = position * bins - bin_, *heights[row, bin_ : bin_ + 2]
        area = knots[bin_] + left * within + (right - left) * within**2 / 2
        assert area / knots[-1] == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("row", range(len(LOGITS)))
def test_sampling_inverts_the_cumulative_distribution(row: int) -> None:
    uniform = np.linspace(0, 0.999, 500).astype(np.float32)
    logits = np.repeat(LOGITS[row : row + 1], len(uniform), axis=0)
    found = inverted(logits, uniform[None])[0]
    density = density_on_grid(LOGITS[row]).astype(np.float64)
    steps = np.diff(GRID) * (density[1:] + density[:-1]) / 2
    np.testing.assert_allclose(np.interp(found, GRID, np.append(0, np.cumsum(steps))), uniform, atol=2e-4)


def test_a_density_that_is_almost_all_in_one_bin_can_be_inverted() -> None:
    logits = np.full((1, BINS + 1), -80.0, np.float32)
    logits[0, 4:6] = 0
    for share in (0.0, 0.5, 1 - 2**-24):
        found = float(inverted(logits, np.array([[share]], np.float32))[0, 0])
        assert 3 / BINS <= found <= 6 / BINS + 1e-3 or share == 0
    half = np.array([[0.5]], np.float32)
    assert inverted(logits, half)[0, 0] == pytest.approx(4.5 / BINS, abs=1e-5)


def test_several_numbers_of_a_row_become_what_each_alone_does() -> None:
    uniform = np.random.default_rng(2).random((3, len(LOGITS)), dtype=np.float32)
    found = inverted(LOGITS, uniform)
    alone = [inverted(LOGITS, row[None])[0] for row in uniform]
    np.testing.assert_allclose(found, alone, atol=1e-6)


def test_values_that_are_not_allowed_have_no_share_of_the_density() -> None:
    logits, left = tf.constant(LOGITS), np.ones((len(LOGITS), BINS + 1), np.float32)
    # Nothing up to the middle of the range.
    left[:, : BINS // 2], left[:, BINS // 2] = 0, 0.5
    allowed = GRID >= 0.5
    for row in range(len(LOGITS)):
        rows = tf.repeat(logits[row : row + 1], len(GRID), axis=0)
        weights = tf.constant(np.repeat(left[row : row + 1], len(GRID), axis=0))
        found = np.exp(log_density(rows, tf.constant(GRID), weights).numpy())
        assert np.trapezoid(found[allowed], GRID[allowed]) == pytest.approx(1, abs=1e-3)


def test_the_divergence_is_that_of_the_knots_shares() -> None:
    other = LOGITS[::-1].copy()
    found = Density(tf.constant(LOGITS)).divergence(Density(tf.constant(other))).numpy()
    widths = np.r_[0.5, np.ones(BINS - 1), 0.5]
    for row in range(len(LOGITS)):
        heights = [widths * np.exp(logits[row].astype(np.float64)) for logits in (LOGITS, other)]
        p, q = (one / one.sum() for one in heights)
        assert found[row] == pytest.approx(np.sum(p * np.log(p / q)), rel=1e-4, abs=1e-5)
    assert (found >= 0).all()


def test_a_density_does_not_diverge_from_itself_nor_where_nothing_is_allowed() -> None:
    allowed = np.ones((len(LOGITS), BINS + 1), np.float32)
    allowed[:, :5] = 0
    other = LOGITS.copy()
    other[:, :5] += 3
    own, changed = (Density(tf.constant(logits), tf.constant(allowed)) for logits in (LOGITS, other))
    np.testing.assert_allclose(own.divergence(own).numpy(), 0, atol=1e-6)
    np.testing.assert_allclose(own.divergence(changed).numpy(), 0, atol=1e-5)


def test_the_upper_half_is_the_density_given_that_a_value_lies_there() -> None:
    whole = Density(tf.constant(np.repeat(LOGITS[:1], len(GRID), axis=0)))
    half = np.exp(whole.upper_half.log_at(tf.constant(GRID)).numpy())
    upper = density_on_grid(LOGITS[0])[GRID >= 0.5]
    area = float(np.trapezoid(upper, GRID[GRID >= 0.5]))
    np.testing.assert_allclose(half[::2], upper / area / 2, rtol=1e-3, atol=1e-5)
