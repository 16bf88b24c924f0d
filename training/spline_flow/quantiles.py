"""Quantile tables: any distribution as a standard normal one, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.special import ndtr

from events.batch import Floats

LIMIT: Final = 4.5
"""A table reaches from the quantile at -4.5 standard deviations to that at 4.5; there it ends."""

KNOTS: Final = 181
"""Values of a table, evenly spaced in standard deviations."""

_GRID: Final = np.linspace(-LIMIT, LIMIT, KNOTS)


@dataclass(frozen=True, slots=True)
class QuantileTable:
    """The quantiles of a distribution at evenly spaced standard deviations of a normal one.

    Attributes:
        values: The quantiles, rising.
    """

    values: tuple[float, ...]

    @classmethod
    def fit(cls, sample: npt.NDArray[np.floating], *, symmetric: bool = False) -> Self:
        """The table of a sample.

        Args:
            sample: Values, float[n].
            symmetric: Whether the distribution is known to be even, as that of pseudorapidities is.
        """
        # Of what training events never have, nothing is ever generated.
        if not len(sample):
            return cls((0.0,) * KNOTS)
        both = np.concatenate([sample, -sample]) if symmetric else sample
        return cls(tuple(np.quantile(both.astype(np.float64), ndtr(_GRID)).tolist()))

    def to_normal(self, values: Floats) -> Floats:
        """Standard deviations of values, float32 of the same shape."""
        return np.interp(values, self.values, _GRID).astype(np.float32)


def from_normal(tables: Sequence[QuantileTable], deviations: tf.Tensor) -> tf.Tensor:
    """The values at numbers of standard deviations, float32[n, d], column i by table i.

    What lies beyond the end of a table becomes the end.
    """
    values = np.array([table.values for table in tables], np.float32)
    position = (tf.clip_by_value(deviations, -LIMIT, LIMIT) + LIMIT) * np.float32((KNOTS - 1) / (2 * LIMIT))
    below = tf.minimum(tf.cast(position, tf.int64), KNOTS - 2)
    index = below + np.arange(len(tables)) * KNOTS
    left, right = (tf.gather(tf.constant(values.ravel()), index + step) for step in (0, 1))
    return left + (position - tf.cast(below, tf.float32)) * (right - left)
