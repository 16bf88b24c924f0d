"""Whole events as the rows that networks read, and back (thesis, sections 7.3.1 and 7.6.1).

A row holds MET and its azimuth, then E, pT, eta and phi of each slot, then what each slot holds: where a
slot may hold any type, its type as a one-hot group whose last class stands for no object, otherwise 1 for an
object and 0 for none. E, pT and MET are logarithms, all numbers have zero mean and unit variance over the
objects there are, and a slot without an object has zeros.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pyarrow.parquet as pq
import tensorflow as tf

from events.batch import OBJECT_FLOATS, Floats
from events.objects import N_OBJECT_TYPES
from training.data.cache import Tables
from training.data.slots import ABSENT, SLOT_TABLE, SlotLayout
from training.data.split import Split
from training.data.tables import EVENT_FEATURES, OBJECT_FEATURES
from training.decoding import physical_columns
from training.transform import Standardisation

N_CLASSES: Final = N_OBJECT_TYPES + 1
"""What a slot for any type may hold: an object type, or nothing."""

_N_MET: Final = len(EVENT_FEATURES)
_N_KINEMATIC: Final = len(OBJECT_FLOATS)


@dataclass(frozen=True, slots=True)
class EventRows:
    """The layout of a row and the scales of its numbers.

    Attributes:
        layout: The slots.
        event: Scales of MET and its azimuth.
        objects: Scales of E, pT, eta and phi.
    """

    layout: SlotLayout
    event: Standardisation
    objects: Standardisation

    @classmethod
    def fit(cls, layout: SlotLayout, tables: Tables) -> Self:
        """Learn the scales from the training events."""
        path = tables.path(Split.TRAIN, SLOT_TABLE)
        event = Standardisation.fit(EVENT_FEATURES, (layout.split(rows)[0] for rows in slot_rows(path)))
        objects = Standardisation.fit(
            OBJECT_FEATURES, (values[types >= 0] for _, types, values in map(layout.split, slot_rows(path)))
        )
        return cls(layout, event, objects)

    def to_json(self) -> dict[str, Any]:
        """In terms that JSON has."""
        types = list(self.layout.types)
        return {"types": types, "event": asdict(self.event), "objects": asdict(self.objects)}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        event, objects = (
            Standardisation(*(tuple(values) for values in stored[name].values()))
            for name in ("event", "objects")
        )
        return cls(SlotLayout(tuple(stored["types"])), event, objects)

    @property
    def n_slots(self) -> int:
        """Number of slots."""
        return len(self.layout.types)

    @property
    def widths(self) -> tuple[int, int, int]:
        """Columns of MET, of the kinematics, and of what the slots hold."""
        return _N_MET, _N_KINEMATIC * self.n_slots, self.n_slots * (1 if self.layout.typed else N_CLASSES)

    def forward(self, values: Floats) -> Floats:
        """Network rows float32[n, sum(widths)] from rows of the table of slots."""
        met, types, objects = self.layout.split(values)
        present = types >= 0
        scaled = np.zeros_like(objects)
        scaled[present] = self.objects.forward(objects[present])
        # -1, for no object, is the last class.
        classes = types[..., None] % N_CLASSES == np.arange(N_CLASSES)
        held = present if self.layout.typed else classes
        columns = [self.event.forward(met), scaled.reshape(len(values), -1), held.reshape(len(values), -1)]
        return np.concatenate(columns, axis=1, dtype=np.float32)

    def present(self, rows: tf.Tensor) -> tf.Tensor:
        """1 for each slot of network rows that holds an object, 0 for the others, [n, slots]."""
        held = rows[:, _N_MET + _N_KINEMATIC * self.n_slots :]
        if self.layout.typed:
            return held
        return 1 - tf.reshape(held, (-1, self.n_slots, N_CLASSES))[:, :, -1]

    def physical(self, met: tf.Tensor, objects: tf.Tensor, types: tf.Tensor) -> dict[str, tf.Tensor]:
        """What an events graph gives, in GeV and radians.

        Args:
            met: Scaled MET and azimuth, [n, 2].
            objects: Scaled E, pT, eta and phi, [n, 4 * slots].
            types: int64[n, slots].
        """
        slots = tf.reshape(objects, (-1, self.n_slots, _N_KINEMATIC))
        columns = physical_columns(self.event, met, bounded=True) | physical_columns(
            self.objects, slots, bounded=True
        )
        return {"type": types} | columns

    def typed(self, present: tf.Tensor) -> tf.Tensor:
        """The types of slots that are for one type each, int64[n, slots]: -1 where no object is present."""
        return tf.where(present, tf.constant(self.layout.types, tf.int64), tf.constant(ABSENT, tf.int64))


def slot_rows(path: Path) -> Iterator[Floats]:
    """The rows of a table of slots, a batch at a time."""
    for batch in pq.ParquetFile(path).iter_batches():
        yield np.column_stack([column.to_numpy() for column in batch.columns])


def likeliest_types(logits: tf.Tensor) -> tf.Tensor:
    """The types that one-hot groups name, int64[n, slots]: -1 for no object; logits [n, slots * classes]."""
    classes = tf.argmax(tf.reshape(logits, (-1, tf.shape(logits)[1] // N_CLASSES, N_CLASSES)), axis=2)
    return tf.where(classes < N_OBJECT_TYPES, classes, tf.constant(ABSENT, tf.int64))
