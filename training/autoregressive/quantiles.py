"""Quantile tables with even steps in the logit of the share, so that tails are told as well as the bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from scipy.special import expit

from events.batch import Floats

LIMIT: Final = 9.0
"""A table reaches from the logit -9 to 9: shares of 1.2e-4 on either side; its ends are the extremes."""

KNOTS: Final = 257

_GRID: Final = np.linspace(-LIMIT, LIMIT, KNOTS)


@dataclass(frozen=True, slots=True)
class LogisticTable:
    """The quantiles of a distribution.

    Attributes:
        values: The quantiles, rising; of the ends, the extremes.
    """

    values: tuple[float, ...]

    @classmethod
    def fit(cls, sample: npt.NDArray[np.floating]) -> Self:
        """The table of a sample, float[n]; of no values, all zeros: they are never looked up."""
        if not len(sample):
            return cls((0.0,) * KNOTS)
        shares = np.concatenate([[0.0], expit(_GRID[1:-1]), [1.0]])
        return cls(tuple(np.quantile(sample.astype(np.float64), shares).tolist()))

    def to_position(self, values: npt.NDArray[np.floating]) -> Floats:
        """Positions in the table, from 0 to 1, float32 of the same shape.

        A value that many events share, such as the mass 0 of a jet of one particle, lies in the middle of its
        positions.
        """
        table, grid = np.array(self.values), np.linspace(0, 1, KNOTS)
        last, first = np.interp(values, table, grid), 1 - np.interp(-values, -table[::-1], grid)
        middle: Floats = ((first + last) / 2).astype(np.float32)
        return middle

    @staticmethod
    def look_up(tables: Sequence["LogisticTable"], which: tf.Tensor, position: tf.Tensor) -> tf.Tensor:
        """The values at positions in [0, 1] of tables, float32[n]; which table, int64[n]."""
        values = np.array([table.values for table in tables], np.float32).ravel()
        place = position * np.float32(KNOTS - 1)
        below = tf.minimum(tf.cast(place, tf.int64), KNOTS - 2)
        index, steps = which * KNOTS + below, np.append(np.diff(values), np.float32(0))
        within = place - tf.cast(below, tf.float32)
        return tf.gather(values, index) + within * tf.gather(steps, index)


def prior(bins: int) -> Floats:
    """Logarithms of the density of positions before anything is learnt, at the knots of that many bins."""
    logit = np.linspace(-LIMIT, LIMIT, bins + 1)
    return np.asarray(-np.abs(logit) - 2 * np.log1p(np.exp(-np.abs(logit))), np.float32)
