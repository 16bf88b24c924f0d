"""The two-level mask generator of the thesis, section 7.5.2, on alias tables.

A mask is the number of objects of each type. The first level holds the most frequent masks, up to a share
of the events, and one entry that stands for all the rarer ones; the second level holds those.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from events.batch import Floats, Ints

N_UNIFORMS: Final = 4
"""Uniform numbers that one mask takes: an index and an acceptance on each level."""

_FILE: Final = "masks.npz"


@dataclass(frozen=True, slots=True)
class AliasTable:
    """Draws index i with a given probability from two uniform numbers, in constant time.

    Attributes:
        accept: Probability to keep the index that was drawn, float32[k].
        alias: The index to take otherwise, int64[k].
    """

    accept: Floats
    alias: Ints

    def draw(self, position: Floats, acceptance: Floats) -> Ints:
        """Indices for uniform numbers in [0, 1), int64[n]."""
        size = len(self.accept)
        index = np.minimum((position * np.float32(size)).astype(np.int64), size - 1)
        return np.where(acceptance < self.accept[index], index, self.alias[index])


def build_alias_table(weights: npt.ArrayLike) -> AliasTable:
    """Vose's O(k) construction of Walker's alias table (doi:10.1109/32.92917).

    Raises:
        ValueError: If there are no weights, one is negative or not finite, or all are 0.
    """
    weight = np.asarray(weights, np.float64)
    if weight.ndim != 1 or not np.all(np.isfinite(weight)) or np.any(weight < 0) or not weight.sum() > 0:
        raise ValueError("weights must be a list of finite numbers >= 0, at least one of them above 0")
    scaled = weight * (len(weight) / weight.sum())
    accept = np.ones(len(weight), np.float32)
    alias = np.arange(len(weight))
    small = [i for i, share in enumerate(scaled) if share < 1]
    large = [i for i, share in enumerate(scaled) if share >= 1]
    while small and large:
        poor, rich = small.pop(), large.pop()
        accept[poor], alias[poor] = scaled[poor], rich
        scaled[rich] -= 1 - scaled[poor]
        (small if scaled[rich] < 1 else large).append(rich)
    return AliasTable(accept, alias)


@dataclass(frozen=True, slots=True)
class MaskGenerator:
    """The two levels. Entry `len(frequent)` of the first level stands for the rare masks.

    Attributes:
        frequent: The frequent masks, int64[k, 7], most frequent first.
        rare: The rare masks, int64[r, 7], most frequent first.
        first: Alias table over the k frequent masks and, if there are rare ones, their common entry.
        second: Alias table over the r rare masks, or None if there are none.
    """

    frequent: Ints
    rare: Ints
    first: AliasTable
    second: AliasTable | None

    @property
    def masks(self) -> Ints:
        """All masks, frequent ones first, int64[k + r, 7]."""
        return np.concatenate([self.frequent, self.rare])

    def draw(self, uniforms: Floats) -> Ints:
        """Masks for uniform numbers float32[n, 4], int64[n, 7]."""
        chosen = self.first.draw(uniforms[:, 0], uniforms[:, 1])
        if self.second is not None:
            rare = len(self.frequent) + self.second.draw(uniforms[:, 2], uniforms[:, 3])
            chosen = np.where(chosen < len(self.frequent), chosen, rare)
        return self.masks[chosen]


def build_mask_generator(
    masks: Ints, *, frequent_share: float = 0.85, max_objects: int = 19
) -> MaskGenerator:
    """Count the masks of the training events and build the generator that reproduces their frequencies.

    Args:
        masks: Masks of the events, int64[n, 7].
        frequent_share: Share of the events that the first level may cover.
        max_objects: Events with more objects are left out, as in the thesis.

    Raises:
        ValueError: If no event has 1 to `max_objects` objects.
    """
    total = masks.sum(axis=1)
    kept = masks[(total > 0) & (total <= max_objects)]
    if not len(kept):
        raise ValueError(f"no event with 1 to {max_objects} objects to learn masks from")
    distinct, counts = np.unique(kept, axis=0, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    distinct, counts = distinct[order].astype(np.int64), counts[order]
    n_frequent = max(1, int(np.searchsorted(np.cumsum(counts) / len(kept), frequent_share, side="right")))
    frequent, rare = counts[:n_frequent], counts[n_frequent:]
    return MaskGenerator(
        frequent=distinct[:n_frequent],
        rare=distinct[n_frequent:],
        first=build_alias_table([*frequent, rare.sum()] if len(rare) else frequent),
        second=build_alias_table(rare) if len(rare) else None,
    )


def keep_masks(folder: Path, masks: Ints) -> None:
    """Keep the masks of the training events, int64[n, 7], in the folder of a run."""
    np.savez_compressed(folder / _FILE, masks=masks.astype(np.int8))


def kept_mask_generator(folder: Path, *, frequent_share: float, max_objects: int) -> MaskGenerator:
    """The generator of the masks that `keep_masks` kept; all else as for `build_mask_generator`."""
    with np.load(folder / _FILE) as stored:
        return build_mask_generator(stored["masks"], frequent_share=frequent_share, max_objects=max_objects)


def occurring_types(masks: Ints | Sequence[Sequence[int]]) -> list[int]:
    """The object types that occur in any of the masks."""
    return [int(type_) for type_ in np.flatnonzero(np.asarray(masks).any(axis=0))]
