"""Sums and pairs within events, without a loop over events."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from events.kinematics import delta_r

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]


def summed(index: Ints, values: Floats, n: int) -> Floats:
    """The sum of the values at each index from 0 to n - 1, float64[n]."""
    return np.bincount(index, values, n).astype(np.float64, copy=False)


def same_event_pairs(event_1: Ints, event_2: Ints) -> tuple[Ints, Ints]:
    """Indices (i, k) of all pairs with ``event_1[i] == event_2[k]``; both inputs ascend."""
    begin = np.searchsorted(event_2, event_1, side="left")
    count = np.searchsorted(event_2, event_1, side="right") - begin
    first = np.repeat(np.arange(len(event_1)), count)
    within = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return first, np.repeat(begin, count) + within


def cone_pairs(
    seed: tuple[Ints, Floats, Floats], other: tuple[Ints, Floats, Floats], radius: float
) -> tuple[Ints, Ints]:
    """Indices (i, k) of all pairs of the same event closer than a radius.

    Args:
        seed: Event, eta and phi of the first objects; events ascend.
        other: The same of the second objects.
        radius: Largest distance in eta and phi.
    """
    i, k = same_event_pairs(seed[0], other[0])
    near: Bools = delta_r(seed[1][i], seed[2][i], other[1][k], other[2][k]) < radius
    return i[near], k[near]
