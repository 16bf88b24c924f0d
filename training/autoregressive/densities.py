"""Piecewise linear densities on the unit interval, of which networks give the heights at the knots.

Sampling inverts the cumulative distribution (a quadratic function in each bin), so a uniform number gives one
value, and rises with it: the linear splines of Mueller et al., arXiv:1808.03856, section 4.2.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats

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


def invert(logits: tf.Tensor, uniform: tf.Tensor, n: tf.Tensor) -> tf.Tensor:
    """The positions in [0, 1] below which shares of densities lie, [t, n].

    A position's bin is sought among blocks of knots, then within its block: little is summed and compared.

    Args:
        logits: As in `log_density`.
        uniform: The shares, t for each density, [t, n] in [0, 1).
        n: How many densities, int32. What several inversions derive from the same n, a graph computes once.
    """
    knots, tries = logits.shape[-1], uniform.shape[0]
    width = _block_width(knots)
    blocks, missing = -(-knots // width), -knots % width
    heights = tf.exp(tf.minimum(logits, _LARGEST))
    if missing:
        heights = tf.pad(heights, [[0, 0], [0, missing]])
    # Products with constants, as the runtime's sums are slow. Areas are doubled throughout.
    starts = np.append(np.arange(0, knots - 1, width), knots - 1)
    areas = np.pad(_areas_before(knots)[starts], [(0, 0), (0, missing)])
    before, row = tf.matmul(areas, heights, transpose_b=True), tf.expand_dims(tf.range(n), 0)
    if tries > 1:
        before, row, uniform = (
            tf.tile(before, [1, tries]),
            tf.tile(row, [1, tries]),
            tf.reshape(uniform, (1, -1)),
        )
        n *= tries
    _, ends, total = tf.split(before, (1, len(starts) - 2, 1))
    block, share = _sought(before, ends, uniform * total, n)
    of_block = tf.gather(tf.reshape(heights, (-1, width)), tf.squeeze(row * blocks + block, 0))
    inner = tf.matmul(_areas_before(width), of_block, transpose_b=True)
    bin_, share = _sought(inner, inner[1:], share, n)
    bin_ = tf.minimum(bin_ + block * width, knots - 2)
    knot, flat = row * (blocks * width) + bin_, tf.reshape(heights, (-1,))
    left, right = tf.gather(flat, knot), tf.gather(flat, knot + 1)
    # The area from the left end of the bin to x, doubled, is 2 left x + (right - left) x^2.
    root = tf.sqrt(tf.maximum(left * left + (right - left) * share, 0.0))
    within = tf.clip_by_value(share / (left + root + 1e-20), 0.0, 1.0)
    found = (tf.cast(bin_, tf.float32) + within) / (knots - 1)
    return tf.reshape(found, (tries, -1)) if tries > 1 else found


def _sought(
    before: tf.Tensor, ends: tf.Tensor, share: tf.Tensor, n: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Of the parts of n densities, those in which shares [1, n] lie, and what of the shares lies in these.

    Args:
        before: What lies before each part, [parts or more, n].
        ends: That of all parts but the first, [parts - 1, n].
        share: What lies before a value.
        n: How many.
    """
    passed = tf.cast(ends <= share, tf.float32)
    part = tf.cast(tf.matmul(np.ones((1, ends.shape[0]), np.float32), passed), tf.int32)
    at = part * n + tf.expand_dims(tf.range(n), 0)
    return part, share - tf.gather(tf.reshape(before, (-1,)), at)


def _block_width(knots: int) -> int:
    """Knots of a block: such that blocks of heights are had without a copy, if that can be."""
    return next((width for width in range(8, 17) if knots % width == 0), 8)


def _areas_before(knots: int) -> Floats:
    """[knots, knots]: from the heights at knots, twice the areas of all bins before each knot."""
    ones = np.ones((knots, knots), np.float32)
    return np.tril(ones, -1) + np.tril(ones) - np.eye(1, knots, dtype=np.float32)
