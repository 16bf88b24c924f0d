"""Statistical errors: events drawn again with replacement, or in disjoint batches."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = npt.NDArray[np.floating]
Weights: TypeAlias = npt.NDArray[np.uint8]

RESAMPLES: Final = 20


@dataclass(frozen=True, slots=True)
class Batches:
    """Disjoint batches of events.

    Attributes:
        number: How many, at least 2.
        events: Events of each at most.
    """

    number: int
    events: int

    def pairs(
        self, first: Matrix, second: Matrix, rng: np.random.Generator
    ) -> Iterator[tuple[Matrix, Matrix]]:
        """Random batches of the rows of two samples, smaller ones where there are few rows.

        Raises:
            ValueError: If a batch would have fewer than two rows.
        """
        fewest = min(len(first), len(second))
        events = min(self.events, fewest // self.number)
        if events < 2:
            raise ValueError(f"{fewest} events cannot be cut into batches: more events are needed")
        parts = [rows[rng.permutation(len(rows))[: self.number * events]] for rows in (first, second)]
        return zip(*(np.split(part, self.number) for part in parts), strict=True)


def mean_and_error(values: Matrix) -> tuple[float, float]:
    """The mean of a figure over disjoint batches, and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def bootstrap_weights(n: int, rng: np.random.Generator, resamples: int = RESAMPLES) -> Weights:
    """How often each of n events counts, uint8[1 + resamples, n]: once in the first row, then as drawn.

    The spread of a figure over all rows but the first is its statistical error (Efron, Ann. Stat. 7, 1979).
    Whole events are drawn, so that the error knows that their objects belong together.
    """
    drawn = [np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(resamples)]
    return np.stack([np.ones(n), *drawn]).astype(np.uint8)
