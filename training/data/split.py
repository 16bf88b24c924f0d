"""Disjoint train, validation and test events, decided by an event's position in its file alone."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from events.batch import Bools


class Split(StrEnum):
    """What an event may be used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class SplitFractions:
    """Shares of the events; what train and validation leave is the test split.

    Attributes:
        train: Share to train on.
        validation: Share to validate on.
        split_files: How many of several files are split, the first of them; all events of the others are
            trained on. 0 for all.

    Raises:
        ValueError: If a share is negative, no event is left to train on, or they exceed 1.
    """

    train: float = 0.66
    validation: float = 0.01
    split_files: int = 0

    def __post_init__(self) -> None:
        if self.split_files < 0:
            raise ValueError(f"split_files must not be negative, as {self.split_files} is")
        if self.train <= 0 or self.validation < 0 or self.train + self.validation > 1:
            raise ValueError(
                f"split fractions must be positive and sum to at most 1, not "
                f"train = {self.train}, validation = {self.validation}"
            )

    def of_file(self, index: int) -> "SplitFractions":
        """The shares of the events of one of several files, counted from 0."""
        return SplitFractions(1.0, 0.0) if 0 < self.split_files <= index else self

    def contains(self, split: Split, ordinals: npt.NDArray[np.int64]) -> Bools:
        """Whether the events at these positions of their file belong to the split, bool[n].

        A hash of the position decides, so the same file always gives the same splits, whoever reads it and
        however it is cut into batches.
        """
        share = _uniform_hash(ordinals)
        if split is Split.TRAIN:
            return share < self.train
        if split is Split.VALIDATION:
            return (share >= self.train) & (share < self.train + self.validation)
        return share >= self.train + self.validation


def _uniform_hash(values: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The splitmix64 mixer (Steele et al., doi:10.1145/2714064.2660195), scaled to [0, 1)."""
    z = values.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) * 2.0**-53
