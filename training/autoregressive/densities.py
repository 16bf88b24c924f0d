"""Piecewise linear densities on the unit interval, of which networks give the heights at the knots.

Sampling inverts the cumulative distribution (a quadratic function in each bin), so a uniform number gives one
value, and rises with it: the linear splines of Mueller et al., arXiv:1808.03856, section 4.2.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats

_BLOCKS: Final = 8

_LARGEST: Final = 30.0
"""Logarithms of heights go no higher where a density is inverted: heights are taken as they are."""


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


@dataclass(frozen=True, slots=True)
class Density:
    """Densities that are to be evaluated; attributes as in `log_density`."""

    logits: tf.Tensor
    allowed: tf.Tensor | None = None

    @property
    def upper_half(self) -> "Density":
        """These on the upper half of the interval, of which positions are then told."""
        upper = slice((self.logits.shape[1] - 1) // 2, None)
        return Density(self.logits[:, upper], None if self.allowed is None else self.allowed[:, upper])

    def log_at(self, position: tf.Tensor) -> tf.Tensor:
        """Logarithm of the density at positions, [n]."""
        return log_density(self.logits, position, self.allowed)

    @property
    def log_shares(self) -> tf.Tensor:
        """Logarithms of the knots' shares of the integral, [n, bins + 1]."""
        widths = np.ones(self.logits.shape[-1], np.float32)
        widths[[0, -1]] = 0.5
        taken = widths if self.allowed is None else widths * self.allowed
        return tf.nn.log_softmax(self.logits + tf.math.log(taken + 1e-12))

    def divergence(self, other: "Density") -> tf.Tensor:
        """The Kullback-Leibler divergence of another from this density, [n], integrals being trapezia."""
        own = self.log_shares
        return tf.reduce_sum(tf.exp(own) * (own - other.log_shares), axis=-1)


class Cumulated:
    """A cumulative distribution that can be inverted.

    A value's bin is sought among blocks of bins, then within its block: little is summed and compared.

    Args:
        logits: As in `log_density`; the number of bins is a multiple of 16.
    """

    def __init__(self, logits: tf.Tensor) -> None:
        self._bins = bins = logits.shape[-1] - 1
        self._width = width = bins // _BLOCKS
        heights = tf.exp(tf.minimum(logits, _LARGEST))
        # Products with constants, as the runtime's sums are slow. Areas are doubled throughout.
        self._before = tf.matmul(_areas_before(bins)[::width], heights, transpose_b=True)
        self._heights = tf.reshape(heights, (-1,))
        self._blocks = tf.reshape(heights[:, :-1], (-1, width))
        self._n = tf.shape(logits)[0]
        self._row = tf.range(self._n)

    def at(self, uniform: tf.Tensor) -> tf.Tensor:
        """Positions [t, n] in [0, 1] below which shares of the density lie, float32[t, n] in [0, 1)."""
        tries = uniform.shape[0]
        share = uniform * self._before[-1]
        block = _passed(self._before[1:-1], share)
        share -= tf.gather(tf.reshape(self._before, (-1,)), block * self._n + self._row)
        heights = tf.gather(self._blocks, tf.reshape(self._row * _BLOCKS + block, (-1,)))
        before = tf.matmul(_areas_before(self._width - 1), heights, transpose_b=True)
        bin_ = _passed(tf.reshape(before[1:], (self._width - 1, tries, -1)), share, several=True)
        place = tf.reshape(tf.range(tries * self._n), (tries, -1))
        share -= tf.gather(tf.reshape(before, (-1,)), bin_ * (tries * self._n) + place)
        bin_ += block * self._width
        knot = self._row * (self._bins + 1) + bin_
        left, right = tf.gather(self._heights, knot), tf.gather(self._heights, knot + 1)
        # The area from the left end of the bin to x, doubled, is 2 left x + (right - left) x^2.
        root = tf.sqrt(tf.maximum(left * left + (right - left) * share, 0.0))
        within = tf.clip_by_value(share / (left + root + 1e-20), 0.0, 1.0)
        return (tf.cast(bin_, tf.float32) + within) / self._bins


def invert(logits: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
    """The positions below which shares of a density lie, one each; arguments as for `Cumulated`, [n]."""
    return tf.squeeze(Cumulated(logits).at(tf.expand_dims(uniform, 0)), 0)


def _passed(ends: tf.Tensor, share: tf.Tensor, *, several: bool = False) -> tf.Tensor:
    """How many ends each share [t, n] has passed, of ends [e, n], or several [e, t, n]."""
    ends = ends if several else tf.expand_dims(ends, 1)
    number, tries = ends.shape[0], share.shape[0]
    passed = tf.reshape(tf.cast(ends <= share, tf.float32), (number, -1))
    count = tf.matmul(np.ones((1, number), np.float32), passed)
    return tf.cast(tf.reshape(count, (tries, -1)), tf.int32)


def _areas_before(bins: int) -> Floats:
    """[bins + 1, bins + 1]: from the heights at knots, twice the areas of all bins before each knot."""
    ones = np.ones((bins + 1, bins + 1), np.float32)
    return np.tril(ones, -1) + np.tril(ones) - np.eye(1, bins + 1, dtype=np.float32)
