"""Piecewise linear densities on the unit interval, of which networks give the heights at the knots.

Sampling inverts the cumulative distribution (a quadratic function in each bin), so a uniform number gives one
value, and rises with it: the linear splines of Mueller et al., arXiv:1808.03856, section 4.2.
"""

import numpy as np
import tensorflow as tf

from events.batch import Floats


def log_density(logits: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
    """Logarithm of the density at positions in [0, 1], [n].

    Args:
        logits: Logarithms of the heights at evenly spaced knots, up to a constant, float32[n, bins + 1].
        position: float32[n].
    """
    bins = logits.shape[-1] - 1
    logits -= tf.stop_gradient(tf.reduce_max(logits, axis=-1, keepdims=True))
    heights = tf.exp(logits)
    knots = np.arange(bins + 1, dtype=np.float32)
    # A sum over all knots: on a CPU its gradient is many times as fast as that of a gather.
    hat = tf.nn.relu(1 - tf.abs(position[:, None] * bins - knots))
    height = tf.reduce_sum(heights * hat, axis=-1)
    area = tf.reduce_sum(heights, axis=-1) - (heights[:, 0] + heights[:, -1]) / 2
    return tf.math.log(height + 1e-20) - tf.math.log(area / bins)


class Cumulated:
    """A cumulative distribution that can be inverted.

    Args:
        logits: As in `log_density`.
    """

    def __init__(self, logits: tf.Tensor) -> None:
        self._bins = bins = logits.shape[-1] - 1
        heights = tf.exp(logits - tf.reduce_max(logits, axis=-1, keepdims=True))
        # A product with a matrix of ones, as the runtime's running sum is slow. Areas are doubled throughout.
        self._ends = tf.matmul(heights[:, :-1] + heights[:, 1:], _ones_above(bins))
        self._flat = tf.reshape(heights, (-1,)), tf.reshape(self._ends, (-1,))
        self._row = tf.range(tf.shape(logits)[0])

    def at(self, uniform: tf.Tensor) -> tf.Tensor:
        """Positions [n] in [0, 1] below which shares of the density lie, float32[n] in [0, 1)."""
        share = uniform * self._ends[:, -1]
        bin_ = tf.reduce_sum(tf.cast(self._ends[:, :-1] <= share[:, None], tf.int32), axis=-1)
        heights, ends = self._flat
        knot = self._row * (self._bins + 1) + bin_
        left, right = tf.gather(heights, knot), tf.gather(heights, knot + 1)
        rest = tf.gather(ends, self._row * self._bins + bin_) - share
        # From the right end of the bin, where `rest` of its area lies: right x - (right - left) x^2 / 2.
        root = tf.sqrt(tf.maximum(right * right - (right - left) * rest, 0.0))
        from_right = tf.clip_by_value(rest / (right + root + 1e-20), 0.0, 1.0)
        return (tf.cast(bin_ + 1, tf.float32) - from_right) / self._bins


def invert(logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """The positions below which shares of a density lie; arguments as for `Cumulated`."""
    return Cumulated(logits).at(uniform)


def _ones_above(n: int) -> Floats:
    return np.triu(np.ones((n, n), np.float32))
