"""The Wasserstein distance of weighted samples, for many weightings of the same values."""

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import Ints

Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SortedPair:
    """Values of two samples, sorted once.

    Attributes:
        order: What sorts the first's values followed by the second's, int64[a + b].
        gaps: Steps between sorted values, float64[a + b - 1].
    """

    order: Ints
    gaps: Array

    @classmethod
    def of(cls, first: Array, second: Array) -> Self:
        """Sort the values float64[a] and float64[b]."""
        together = np.concatenate([first, second])
        order = np.argsort(together)
        return cls(order, np.diff(together[order]))

    def distance(self, first_weights: Array, second_weights: Array) -> float:
        """The area between the cumulative distributions, where values count by their weights."""
        signed = np.concatenate([first_weights / first_weights.sum(), -second_weights / second_weights.sum()])
        excess = np.cumsum(signed[self.order])[:-1]
        return float(np.abs(excess) @ self.gaps)
