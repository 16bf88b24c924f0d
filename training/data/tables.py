"""One table of events and one of each object type (thesis, sections 7.4.1 and 7.5.1)."""

from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from events.batch import OBJECT_FLOATS, Bools, EventBatch
from events.objects import N_OBJECT_TYPES, SYMBOLS
from training.data.cache import Tables, TableWriter
from training.data.split import Split

EVENT_TABLE: Final = "event"
EVENT_FEATURES: Final = ("met", "met_phi")
OBJECT_FEATURES: Final = OBJECT_FLOATS
MASK_COLUMNS: Final = tuple(f"n_{symbol}" for symbol in SYMBOLS)
EVENT_COLUMN: Final = "event"
"""Column of the object tables: the row of the object's event in the event table."""

RANK_COLUMN: Final = "rank"
"""Column of the object tables: the object's place in its event among those of its type, by falling pT."""


class PerTypeTables:
    """All events: MET and masks; the objects of each type with their places and their events' MET."""

    @property
    def key(self) -> list[Any]:
        """Tells this layout from others."""
        return ["per type", 2]

    def select(self, batch: EventBatch) -> Bools:
        """All events."""
        return np.ones(len(batch), np.bool_)

    def writer(self, folder: Path) -> "_PerTypeWriter":
        """Begin the eight tables of a split."""
        return _PerTypeWriter(folder)


def read_masks(tables: Tables) -> npt.NDArray[np.int64]:
    """The numerical masks of the training events, int64[n, 7]."""
    table = pq.read_table(tables.path(Split.TRAIN, EVENT_TABLE), columns=list(MASK_COLUMNS))
    return np.column_stack([column.to_numpy() for column in table.columns]).astype(np.int64)


def ranks(groups: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place of each element among those of its group, from 0, in their order; groups int64[m] from 0."""
    order = np.argsort(groups, kind="stable")
    sizes = np.bincount(groups)
    place = np.empty(len(groups), np.int64)
    place[order] = np.arange(len(groups)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return place


class _PerTypeWriter:
    """The eight tables of one split."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        columns = (*OBJECT_FEATURES, *EVENT_FEATURES, RANK_COLUMN, EVENT_COLUMN)
        self._event = TableWriter(folder / f"{EVENT_TABLE}.parquet", (*EVENT_FEATURES, *MASK_COLUMNS))
        self._objects = [TableWriter(folder / f"{symbol}.parquet", columns) for symbol in SYMBOLS]

    def write(self, batch: EventBatch) -> None:
        first = self._event.rows
        features = {name: getattr(batch, name) for name in EVENT_FEATURES}
        masks = dict(zip(MASK_COLUMNS, batch.masks().astype(np.int8).T, strict=True))
        self._event.write(features | masks)
        batch = batch.sort_objects()
        columns = (
            {name: getattr(batch, name) for name in OBJECT_FEATURES}
            | {name: values[batch.event_index] for name, values in features.items()}
            | {
                RANK_COLUMN: ranks(batch.event_index * N_OBJECT_TYPES + batch.type).astype(np.int8),
                EVENT_COLUMN: first + batch.event_index,
            }
        )
        for type_, writer in enumerate(self._objects):
            chosen = batch.type == type_
            writer.write({name: values[chosen] for name, values in columns.items()})

    def rows(self) -> dict[str, int]:
        return {writer.path.stem: writer.rows for writer in (self._event, *self._objects)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in (self._event, *self._objects):
            writer.close()
