"""Which objects events shall have, events by falling number of objects."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.coordinates import ETA_MAX, JET_TYPES, KINDS, LOG_CRITERION, PT_MIN, RANKS

Index: TypeAlias = int | tf.Tensor
"""Number of an object in its event; a tensor in a loop."""

_OF_TYPES: Final = np.concatenate(
    [
        np.stack([np.arange(N_OBJECT_TYPES) < JET_TYPES, PT_MIN, ETA_MAX, LOG_CRITERION], axis=1),
        [[0.0, 1.0, 1.0, 0.0]],
    ]
).astype(np.float32)
"""1 for a jet, threshold of pT, largest pseudorapidity and criterion, of each type and of MET, [8, 4]."""


@dataclass(frozen=True, slots=True)
class ToDraw:
    """What is known of an object before it is drawn, [m] each; MET where there is none.

    Attributes:
        following: Its type, one-hot with MET last, [8, m].
        kind: Which table tells its pT, were it no last chance.
        first: 1 for the first of its type, else 0.
        chance: 1 where no object of another type comes after the first of a type, else 0.
        jet: 1 for a jet or b-jet, else 0.
        pt_min: Threshold of pT in GeV.
        eta_max: Largest pseudorapidity.
        criterion: log(pT / threshold) with which it lets the event pass the selection.
    """

    following: tf.Tensor
    kind: tf.Tensor
    first: tf.Tensor
    chance: tf.Tensor
    jet: tf.Tensor
    pt_min: tf.Tensor
    eta_max: tf.Tensor
    criterion: tf.Tensor

    @property
    def one_hot(self) -> tf.Tensor:
        """Its type, [7, m], zeros for MET."""
        return self.following[:N_OBJECT_TYPES]


@dataclass(frozen=True, slots=True)
class Multiplicities:
    """The objects that events shall have, events by falling multiplicity.

    Attributes:
        types: The type of each object, -1 where there is none, int64[n, slots].
        masks: int64[n, 7].
        rows: How many rows have an object k, for each k, int32[slots].
        columns: `ToDraw` of objects 0 to slots of all rows, [slots + 1, 8 + 7, n].
    """

    types: tf.Tensor
    masks: tf.Tensor
    rows: tf.Tensor
    columns: tf.Tensor

    @classmethod
    def of(cls, masks: tf.Tensor, slots: int) -> "Multiplicities":
        """The layout of masks int64[n, 7], of which no row has more objects than the one before."""
        counts = tf.cast(tf.transpose(masks), tf.float32)
        ends = tf.stack([tf.reduce_sum(counts[: i + 1], axis=0) for i in range(N_OBJECT_TYPES)])
        place = np.arange(slots + 1, dtype=np.float32)[:, None, None]
        # 1 for the types whose objects lie before a place; behind the last object comes one more type: MET.
        past = tf.cast(place >= ends, tf.float32)
        one_hot = tf.pad(past, [[0, 0], [1, 0], [0, 0]], constant_values=1.0) - tf.pad(
            past, [[0, 0], [0, 1], [0, 0]]
        )
        types = tf.reduce_sum(past, axis=1)
        of_types = one_hot[:, :N_OBJECT_TYPES]
        last = tf.reduce_sum(of_types * ends, axis=1)
        first = tf.cast(place[:, 0] < last - tf.reduce_sum(of_types * counts, axis=1) + 0.5, tf.float32)
        first *= tf.reduce_sum(of_types, axis=1)
        rank = place[:, 0] - last + tf.reduce_sum(of_types * counts, axis=1)
        # Where there is no object, any table will do.
        kind = tf.minimum(types, N_OBJECT_TYPES - 1) * KINDS + tf.minimum(rank, RANKS - 1)
        chance = first * tf.cast(last > ends[-1] - 0.5, tf.float32)
        constants = [tf.reduce_sum(one_hot * values[:, None], axis=1) for values in _OF_TYPES.T]
        columns = tf.concat([one_hot, tf.stack([kind, first, chance, *constants], axis=1)], axis=1)
        rows = tf.reduce_sum(tf.cast(place[:-1, 0] < ends[-1], tf.int32), axis=1)
        present = tf.transpose(tf.where(types < N_OBJECT_TYPES, types, -1.0)[:-1])
        return cls(tf.cast(present, tf.int64), masks, rows, columns)

    def to_draw(self, k: Index, n: tf.Tensor) -> ToDraw:
        """What is known of object k of the first n rows."""
        columns = tf.gather(self.columns, k)[:, :n]
        return ToDraw(columns[: N_OBJECT_TYPES + 1], *tf.unstack(columns[N_OBJECT_TYPES + 1 :]))
