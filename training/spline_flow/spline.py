"""Monotonic rational-quadratic splines (Durkan et al., arXiv:1906.04032, section 3.1), on a line or a circle.

A spline is a stack of tensors [n, ..., d]: one spline for each of n rows and d coordinates, its knots along
the middle axis. Coordinates stay the last axis, along which the kernels of both runtimes are vectorised, and
a bin is selected by sums over a one-hot axis: neither needs a gather, a boolean mask or a search.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import tensorflow as tf

_MIN_WIDTH: Final = 1e-2
_MIN_SLOPE: Final = 1e-2
_UNIT_SLOPE: Final = float(np.log(np.expm1(1 - _MIN_SLOPE)))
"""What a slope of 1 is before softplus: parameters of 0 give the identity."""


@dataclass(frozen=True, slots=True)
class Spline:
    """K bins of [-bound, bound] a row and coordinate; the identity outside.

    Attributes:
        bound: Half the width of the interval.
        x: Where each bin begins, [n, K, d].
        y: Its image, [n, K, d].
        width: Widths of the bins, [n, K, d].
        height: Heights of the bins, [n, K, d].
        slope: Derivatives at all knots, [n, K + 1, d].
    """

    bound: float
    x: tf.Tensor
    y: tf.Tensor
    width: tf.Tensor
    height: tf.Tensor
    slope: tf.Tensor

    def forward(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Images of x, [n, d], and the logarithms of the derivatives there (eq. 4 and 5)."""
        inside, within = self._within(x)
        found = self._bin_of(self.x, within)
        t = tf.clip_by_value((within - found.x) / found.width, 0.0, 1.0)
        secant = found.height / found.width
        both = t * (1 - t)
        denominator = secant + (found.right + found.left - 2 * secant) * both
        y = found.y + found.height * (secant * t * t + found.left * both) / denominator
        slope = found.right * t * t + 2 * secant * both + found.left * tf.square(1 - t)
        log_slope = 2 * tf.math.log(secant) + tf.math.log(slope) - 2 * tf.math.log(denominator)
        return tf.where(inside, y, x), tf.where(inside, log_slope, 0.0)

    def inverse(self, y: tf.Tensor) -> tf.Tensor:
        """What has the image y, [n, d] (eq. 6-8)."""
        inside, within = self._within(y)
        found = self._bin_of(self.y, within)
        rise = tf.clip_by_value(within - found.y, 0.0, found.height)
        secant = found.height / found.width
        bend = rise * (found.right + found.left - 2 * secant)
        a = found.height * (secant - found.left) + bend
        b = found.height * found.left - bend
        c = -secant * rise
        # Of the two ways to write the root this one does not cancel; rounding may leave less than nothing.
        root = tf.sqrt(tf.maximum(b * b - 4 * a * c, 0.0))
        return tf.where(inside, found.x + found.width * 2 * c / (-b - root), y)

    def _within(self, value: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.abs(value) < self.bound, tf.clip_by_value(value, -self.bound, self.bound)

    def _bin_of(self, edges: tf.Tensor, value: tf.Tensor) -> "_Bin":
        reached = tf.cast(value[:, None, :] >= edges[:, 1:], tf.float32)
        before = tf.pad(reached, [[0, 0], [1, 0], [0, 0]], constant_values=1.0)
        chosen = before - tf.pad(reached, [[0, 0], [0, 1], [0, 0]])
        values = (self.x, self.y, self.width, self.height, self.slope[:, :-1], self.slope[:, 1:])
        return _Bin(*(tf.reduce_sum(chosen * each, axis=1) for each in values))


@dataclass(frozen=True, slots=True)
class _Bin:
    """The bin of each row and coordinate, [n, d] each, with the derivatives at its ends."""

    x: tf.Tensor
    y: tf.Tensor
    width: tf.Tensor
    height: tf.Tensor
    left: tf.Tensor
    right: tf.Tensor


def line_spline(parameters: tf.Tensor, bound: float) -> Spline:
    """A spline with linear tails from free parameters [n, 3 * K - 1, d]; zeros give the identity."""
    bins = (parameters.shape[1] + 1) // 3
    widths, heights, slopes = tf.split(parameters, (bins, bins, bins - 1), axis=1)
    inner = _slopes(slopes)
    return _spline(widths, heights, tf.pad(inner, [[0, 0], [1, 1], [0, 0]], constant_values=1.0), bound)


def circle_spline(parameters: tf.Tensor) -> Spline:
    """A spline of angles in [-pi, pi) from free parameters [n, 3 * K, d]; zeros give the identity.

    Its derivatives agree at -pi and pi, so densities on the circle have no seam (Rezende et al.,
    arXiv:2002.02428, section 2.3.2).
    """
    widths, heights, slopes = tf.split(parameters, 3, axis=1)
    outer = _slopes(slopes)
    return _spline(widths, heights, tf.concat([outer, outer[:, :1]], axis=1), float(np.pi))


def _slopes(free: tf.Tensor) -> tf.Tensor:
    return _MIN_SLOPE + tf.nn.softplus(free + _UNIT_SLOPE)


def _spline(widths: tf.Tensor, heights: tf.Tensor, slope: tf.Tensor, bound: float) -> Spline:
    width, height = _shares(widths) * (2 * bound), _shares(heights) * (2 * bound)
    x, y = (tf.cumsum(sizes, axis=1, exclusive=True) - bound for sizes in (width, height))
    return Spline(bound, x, y, width, height, slope)


def _shares(free: tf.Tensor) -> tf.Tensor:
    return _MIN_WIDTH + (1 - _MIN_WIDTH * free.shape[1]) * tf.nn.softmax(free, axis=1)
