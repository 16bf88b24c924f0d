"""Events as rows of fixed length: MET, and a number of slots that hold an object each or none."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from events.batch import OBJECT_FLOATS, Bools, EventBatch, Floats
from events.objects import N_OBJECT_TYPES, SYMBOLS
from training.data.cache import TableWriter
from training.data.tables import EVENT_FEATURES, ranks

SLOT_TABLE: Final = "slots"
ABSENT: Final = -1
"""The type of a slot without an object."""


@dataclass(frozen=True, slots=True)
class SlotLayout:
    """How the objects of an event are laid out.

    Attributes:
        types: The object type that each slot is for, or None for any. Slots of one type lie side by side and
            are filled by falling pT. Slots for any type are filled in the order of real files.
    """

    types: tuple[int | None, ...]

    @classmethod
    def any_type(cls, slots: int) -> Self:
        """Slots for objects of any type."""
        return cls((None,) * slots)

    @classmethod
    def by_type(cls, counts: Sequence[int]) -> Self:
        """Slots for so many objects of each type."""
        return cls(tuple(type_ for type_, count in enumerate(counts) for _ in range(count)))

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Slots for each type alone, int64[7]."""
        return np.bincount([t for t in self.types if t is not None], minlength=N_OBJECT_TYPES)

    @property
    def typed(self) -> bool:
        """Whether each slot is for one type."""
        return None not in self.types

    @property
    def key(self) -> list[Any]:
        """Tells this layout from others."""
        return ["slots", 1, list(self.types)]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table: MET, then type, E, pt, eta and phi of each slot in turn."""
        slots = (f"{name}_{i}" for name in ("type", *OBJECT_FLOATS) for i in range(len(self.types)))
        return (*EVENT_FEATURES, *slots)

    def select(self, batch: EventBatch) -> Bools:
        """The events that have an object, and a slot for every object, bool[n]."""
        masks = batch.masks()
        total = masks.sum(axis=1)
        fits = (masks <= self.counts).all(axis=1) if self.typed else total <= len(self.types)
        selected: Bools = fits & (total > 0)
        return selected

    def rows(self, batch: EventBatch) -> Floats:
        """Selected events as rows in the order of `columns`, float32[n, 2 + 5 * slots]."""
        batch = batch.sort_objects()
        event = batch.event_index
        if self.typed:
            starts = np.cumsum(self.counts) - self.counts
            slot = starts[batch.type] + ranks(event * N_OBJECT_TYPES + batch.type)
        else:
            slot = ranks(event)
        cells = np.zeros((len(batch), 1 + len(OBJECT_FLOATS), len(self.types)), np.float32)
        cells[:, 0] = ABSENT
        for place, name in enumerate(("type", *OBJECT_FLOATS)):
            cells[event, place, slot] = getattr(batch, name)
        return np.column_stack(
            [batch.met, batch.met_phi, cells.reshape(len(batch), cells.shape[1] * cells.shape[2])]
        )

    def split(self, rows: Floats) -> tuple[Floats, npt.NDArray[np.int64], Floats]:
        """MET and its azimuth [n, 2], types int64[n, slots], E, pt, eta and phi [n, slots, 4] of rows."""
        cells = rows[:, 2:].reshape(len(rows), 1 + len(OBJECT_FLOATS), len(self.types))
        return rows[:, :2], cells[:, 0].astype(np.int64), cells[:, 1:].transpose(0, 2, 1)

    def writer(self, folder: Path) -> "_SlotWriter":
        """Begin the table of a split."""
        return _SlotWriter(folder, self)


def count_types(types: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Numbers of objects of each type, int64[n, 7], from the types in slots, int64[n, slots]."""
    counts: npt.NDArray[np.int64] = np.stack(
        [(types == type_).sum(axis=1) for type_ in range(N_OBJECT_TYPES)], axis=1
    )
    return counts


def covered(batch: EventBatch, covers: Mapping[str, int] | None) -> Bools:
    """The events that a model covers which learnt only those with few objects, bool[n].

    Args:
        batch: The events.
        covers: The most objects of each type, by symbol, and none of any other; None for all events.
    """
    if covers is None:
        return np.ones(len(batch), np.bool_)
    return SlotLayout.by_type([covers.get(symbol, 0) for symbol in SYMBOLS]).select(batch)


class _SlotWriter:
    """The table of one split."""

    def __init__(self, folder: Path, layout: SlotLayout) -> None:
        folder.mkdir(parents=True)
        self._layout = layout
        self._table = TableWriter(folder / f"{SLOT_TABLE}.parquet", layout.columns)

    def write(self, batch: EventBatch) -> None:
        self._table.write(dict(zip(self._layout.columns, self._layout.rows(batch).T, strict=True)))

    def rows(self) -> dict[str, int]:
        return {SLOT_TABLE: self._table.rows}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._table.close()
