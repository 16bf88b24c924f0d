"""Numerical masks counted batch by batch: what the thesis calls frequent and rare (its section 7.5.2)."""

from collections import Counter
from typing import Final

import numpy as np

from events.batch import EventBatch, Ints
from events.objects import ObjectType
from training.evaluation.describe.description import MaskCount, MaskTable, Multiplicity

_SHOWN_RARE: Final = 40


class MaskSums:
    """How many events have each mask. Memory grows with the number of distinct masks, some thousands."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[int, ...]] = Counter()

    def add(self, batch: EventBatch) -> None:
        """Count the events of a batch."""
        if not len(batch):
            return
        masks = batch.masks()
        # One integer a mask sorts ten times as fast as a row of seven.
        shape = (int(masks.max()) + 1,) * masks.shape[1]
        codes, counts = np.unique(np.ravel_multi_index(masks.T, shape), return_counts=True)
        distinct = np.column_stack(np.unravel_index(codes, shape)).tolist()
        self._counts.update(dict(zip(map(tuple, distinct), counts.tolist(), strict=True)))

    def table(self, frequent_share: float) -> MaskTable:
        """The masks, most frequent first, split where the frequent ones cover that share of the events.

        Like in the generator, the frequent masks cover at most that share, and there is at least one.
        """
        ranked = sorted(self._counts.items(), key=lambda one: (-one[1], one[0]))
        masks = tuple(MaskCount(mask, events) for mask, events in ranked)
        cumulated = np.cumsum([one.events for one in masks]) / self._counts.total()
        n = max(1, int(np.searchsorted(cumulated, frequent_share, side="right")))
        rare = masks[n:]
        return MaskTable(
            frequent_share=frequent_share,
            frequent=masks[:n],
            rare=rare[:_SHOWN_RARE],
            n_rare=len(rare),
            rare_events=sum(one.events for one in rare),
        )

    def multiplicities(self) -> tuple[Multiplicity, ...]:
        """Numbers of objects, of all types together and of each type that occurs."""
        masks, events = np.array(list(self._counts)), np.array(list(self._counts.values()))
        found = [_multiplicity("object", masks.sum(axis=1), events)]
        found += [
            _multiplicity(type_.name.lower(), masks[:, type_], events)
            for type_ in ObjectType
            if masks[:, type_].any()
        ]
        return tuple(found)


def _multiplicity(name: str, numbers: Ints, events: Ints) -> Multiplicity:
    counts = np.bincount(numbers, events).astype(np.int64)
    return Multiplicity(name, f"Number of {name.replace('_', '-')}s", tuple(counts.tolist()))
