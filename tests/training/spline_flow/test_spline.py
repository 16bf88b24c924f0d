import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from training.spline_flow.spline import Spline, circle_spline, line_spline

BINS, BOUND, ROWS, D = 6, 3.0, 400, 3
Array = npt.NDArray[np.float64]


def spline(kind: str, *, scale: float = 0.7) -> Spline:
    """A spline with random knots."""
    count = 3 * BINS - (kind == "line")
    free = tf.constant(np.random.default_rng(1).normal(0, scale, (ROWS, count, D)), tf.float32)
    return line_spline(free, BOUND) if kind == "line" else circle_spline(free)


def points(kind: str, seed: int = 2) -> tf.Tensor:
    limit = 1.5 * BOUND if kind == "line" else np.pi
    return tf.constant(np.random.default_rng(seed).uniform(-limit, limit, (ROWS, D)), tf.float32)


def plain(x: float, xs: Array, ys: Array, slopes: Array) -> tuple[float, float]:
    """Image and derivative of one number, as written in the paper, in float64."""
    if not xs[0] < x < xs[-1]:
        return x, 1.0
    k = int(np.searchsorted(xs, x, side="right")) - 1
    s = (ys[k + 1] - ys[k]) / (xs[k + 1] - xs[k])
    t = (x - xs[k]) / (xs[k + 1] - xs[k])
    denominator = s + (slopes[k + 1] + slopes[k] - 2 * s) * t * (1 - t)
    y = ys[k] + (ys[k + 1] - ys[k]) * (s * t**2 + slopes[k] * t * (1 - t)) / denominator
    slope = s**2 * (slopes[k + 1] * t**2 + 2 * s * t * (1 - t) + slopes[k] * (1 - t) ** 2) / denominator**2
    return float(y), float(slope)


@pytest.mark.parametrize("kind", ["line", "circle"])
def test_a_spline_is_what_the_paper_says(kind: str) -> None:
    found, x = spline(kind), points(kind)
    y, log_slope = (tensor.numpy() for tensor in found.forward(x))
    last = np.full((ROWS, 1, D), found.bound)
    xs, ys = (
        np.concatenate([edges.numpy(), last], axis=1).astype(np.float64) for edges in (found.x, found.y)
    )
    for row, column in np.ndindex(ROWS, D):
        expected = plain(
            float(x[row, column]), xs[row, :, column], ys[row, :, column], found.slope.numpy()[row, :, column]
        )
        assert y[row, column] == pytest.approx(expected[0], abs=2e-5)
        assert np.exp(log_slope[row, column]) == pytest.approx(expected[1], rel=2e-3)


@pytest.mark.parametrize("kind", ["line", "circle"])
def test_the_inverse_undoes_a_spline(kind: str) -> None:
    found, x = spline(kind), points(kind)
    np.testing.assert_allclose(found.inverse(found.forward(x)[0]), x, atol=5e-4)


@pytest.mark.parametrize("kind", ["line", "circle"])
def test_the_slope_is_the_derivative(kind: str) -> None:
    found, x = spline(kind), points(kind)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y, log_slope = found.forward(x)
    np.testing.assert_allclose(tape.gradient(y, x), tf.exp(log_slope), rtol=1e-3)


def test_zeros_give_the_identity() -> None:
    free = tf.zeros((ROWS, 3 * BINS, D))
    for found in (line_spline(free[:, :-1], BOUND), circle_spline(free)):
        y, log_slope = found.forward(points("line"))
        np.testing.assert_allclose(y, points("line"), atol=1e-6)
        np.testing.assert_allclose(log_slope, 0, atol=1e-5)


def test_a_line_goes_on_straight_outside_its_interval() -> None:
    x = tf.constant(np.tile([-1e4, -BOUND, BOUND, 1e4], (1, 1)), tf.float32)
    found = line_spline(tf.random.stateless_normal((1, 3 * BINS - 1, 4), seed=(3, 4)), BOUND)
    y, log_slope = found.forward(x)
    np.testing.assert_array_equal(y, x)
    np.testing.assert_array_equal(log_slope, 0)


def test_a_circle_has_no_seam() -> None:
    found = spline("circle")
    ends = tf.constant(np.pi * (1 - 1e-6), tf.float32) * tf.ones((ROWS, D))
    np.testing.assert_allclose(found.forward(-ends)[1], found.forward(ends)[1], atol=0.02)


def test_steep_splines_and_numbers_at_the_knots_stay_finite() -> None:
    found = spline("line", scale=30.0)
    for x in (*tf.unstack(found.x, axis=1), points("line")):
        y, log_slope = found.forward(x)
        assert np.isfinite(y).all()
        assert np.isfinite(log_slope).all()
        assert np.isfinite(found.inverse(x)).all()
