"""Piecewise linear densities on the unit interval, of which networks give the heights at the knots.

Sampling inverts the cumulative distribution (a quadratic function in each bin), so a uniform number gives one
value, and rises with it: the linear splines of Mueller et al., arXiv:1808.03856, section 4.2.
"""

from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats

_BLOCKS: Final = 8


def log_density(logits: tf.Tensor, position: tf.Tensor, allowed: tf.Tensor | None = None) -> tf.Tensor:
    """Logarithm of the density at positions in [0, 1], [n].

    Args:
        logits: Logarithms of the heights at evenly spaced knots, up to a constant, float32[n, bins + 1].
        position: float32[n].
        allowed: What is left of each knot's share of the integral where not all values are allowed,
            [n, bins + 1]: the density is then that of values drawn again until they are. None for all.
    """
    bins = logits.shape[-1] - 1
    logits -= tf.stop_gradient(tf.reduce_max(logits, axis=-1, keepdims=True))
    heights = tf.exp(logits)
    knots = np.arange(bins + 1, dtype=np.float32)
    # A sum over all knots: on a CPU its gradient is many times as fast as that of a gather.
    hat = tf.nn.relu(1 - tf.abs(position[:, None] * bins - knots))
    height = tf.reduce_sum(heights * hat, axis=-1)
    if allowed is not None:
        heights *= allowed
    area = tf.reduce_sum(heights, axis=-1) - (heights[:, 0] + heights[:, -1]) / 2
    return tf.math.log(height + 1e-20) - tf.math.log(area / bins + 1e-20)


class Cumulated:
    """A cumulative distribution that can be inverted.

    A value's bin is sought among blocks of bins, then within its block: little is summed and compared.

    Args:
        logits: As in `log_density`; the number of bins is a multiple of 16.
    """

    def __init__(self, logits: tf.Tensor) -> None:
        self._bins = bins = logits.shape[-1] - 1
        self._width = width = bins // _BLOCKS
        heights = tf.exp(logits - tf.reduce_max(logits, axis=-1, keepdims=True))
        areas = heights[:, :-1] + heights[:, 1:]
        # Products with matrices of ones, as the runtime's running sum is slow. Areas are doubled throughout.
        of_blocks = np.kron(_ones_below(_BLOCKS + 1)[:, :-1], np.ones((1, width), np.float32))
        self._before = tf.matmul(of_blocks, areas, transpose_b=True)
        self._heights = tf.reshape(heights, (-1,))
        self._blocks = tf.reshape(areas, (-1, width))
        self._n = tf.shape(logits)[0]
        self._row = tf.range(self._n)

    def at(self, uniform: tf.Tensor) -> tf.Tensor:
        """Positions [t, n] in [0, 1] below which shares of the density lie, float32[t, n] in [0, 1)."""
        tries = uniform.shape[0]
        share = uniform * self._before[-1]
        block = _passed(self._before[1:-1], share)
        share -= tf.gather(tf.reshape(self._before, (-1,)), block * self._n + self._row)
        areas = tf.gather(self._blocks, tf.reshape(self._row * _BLOCKS + block, (-1,)))
        ends = tf.matmul(_ones_below(self._width + 1)[1:, :-1], areas, transpose_b=True)
        bin_ = _passed(tf.reshape(ends[:-1], (self._width - 1, tries, -1)), share, several=True)
        place = tf.reshape(tf.range(tries * self._n), (tries, -1))
        rest = tf.gather(tf.reshape(ends, (-1,)), bin_ * (tries * self._n) + place) - share
        bin_ += block * self._width
        knot = self._row * (self._bins + 1) + bin_
        left, right = tf.gather(self._heights, knot), tf.gather(self._heights, knot + 1)
        # From the right end of the bin, where `rest` of its area lies: right x - (right - left) x^2 / 2.
        root = tf.sqrt(tf.maximum(right * right - (right - left) * rest, 0.0))
        from_right = tf.clip_by_value(rest / (right + root + 1e-20), 0.0, 1.0)
        return (tf.cast(bin_ + 1, tf.float32) - from_right) / self._bins


def invert(logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """The positions below which shares of a density lie, one each; arguments as for `Cumulated`, [n]."""
    return tf.squeeze(Cumulated(logits).at(tf.expand_dims(uniform, 0)), 0)


def _passed(ends: tf.Tensor, share: tf.Tensor, *, several: bool = False) -> tf.Tensor:
    """How many ends each share [t, n] has passed, of ends [e, n], or several [e, t, n]."""
    ends = ends if several else tf.expand_dims(ends, 1)
    return tf.reduce_sum(tf.cast(ends <= share, tf.int32), axis=0)


def _ones_below(n: int) -> Floats:
    """[n, n], 1 below the diagonal: sums of what comes before."""
    return np.tril(np.ones((n, n), np.float32), -1)
