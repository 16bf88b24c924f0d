"""Which objects events shall have, events by falling number of objects."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import tensorflow as tf

from events.batch import Floats
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

_N_COLUMNS: Final = 7
"""Of `ToDraw`, besides types."""


@dataclass(frozen=True, slots=True)
class ToDraw:
    """What is known of objects before they are drawn, a column each; MET where there is none.

    Attributes:
        one_hot: Their types, zeros for MET, [7, m].
        kind: Which table tells pT, were it no last chance, [1, m].
        first: 1 for the first of its type, else 0, [1, m].
        chance: 1 where no object of another type comes after the first of a type, else 0, [1, m].
        jet: 1 for a jet or b-jet, else 0, [1, m].
        pt_min: Threshold of pT in GeV, [1, m].
        eta_max: Largest pseudorapidity, [1, m].
        criterion: log(pT / threshold) with which it lets the event pass the selection, [1, m].
    """

    one_hot: tf.Tensor
    kind: tf.Tensor
    first: tf.Tensor
    chance: tf.Tensor
    jet: tf.Tensor
    pt_min: tf.Tensor
    eta_max: tf.Tensor
    criterion: tf.Tensor

    @classmethod
    def unpacked(cls, columns: tf.Tensor) -> "ToDraw":
        """Those of `Multiplicities.to_draw`."""
        return cls(*tf.split(columns, (N_OBJECT_TYPES, *[1] * _N_COLUMNS)))


@dataclass(frozen=True, slots=True)
class Multiplicities:
    """The objects that events shall have, events by falling multiplicity.

    Attributes:
        rows: How many rows have an object k, for each k, int32[slots].
        distinct: The masks that differ from the one before, int64[d, 7].
        which: Which of these each row has, int32[n].
        types: The type of each object of these, -1 where there is none, int64[d, slots].
        described: `ToDraw` of their objects 0 to slots, [slots + 1, d, 14].
        plans: What `EventNetwork.planned` takes of their positions 0 to slots, [slots + 1, ..., d] each.
    """

    rows: tf.Tensor
    distinct: tf.Tensor
    which: tf.Tensor
    types: tf.Tensor
    described: tf.Tensor
    plans: Sequence[tf.Tensor]

    @classmethod
    def of(cls, masks: tf.Tensor, slots: int) -> "Multiplicities":
        """The layout of masks int64[n, 7] in the order of `falling`."""
        changes = tf.reduce_max(tf.cast(masks[1:] != masks[:-1], tf.int32), axis=1)
        which = tf.pad(tf.cumsum(changes), [[1, 0]])
        distinct = tf.gather(masks, tf.where(tf.pad(changes, [[1, 0]], constant_values=1) > 0)[:, 0])
        total = tf.reduce_sum(masks, axis=1)
        rows = tf.reduce_sum(tf.cast(np.arange(slots)[:, None] < total, tf.int32), axis=1)
        return cls(rows, distinct, which, *_described(distinct, slots))

    def to_draw(self, k: Index) -> tf.Tensor:
        """What is known of object k of the rows that have one before it, and of MET, [14, m]."""
        return tf.transpose(self.of_rows(tf.gather(self.described, k), k))

    def of_rows(self, x: tf.Tensor, k: Index) -> tf.Tensor:
        """What belongs to distinct masks [d, ...], for each row that has k objects.

        All rows are taken to have one: a mask of none, as of rows that fill up a run, is no event's.
        """
        which = self.which if isinstance(k, int) and k <= 1 else self.which[: tf.gather(self.rows, k - 1)]
        return tf.gather(x, which)


def falling(masks: tf.Tensor) -> tf.Tensor:
    """The order of masks int64[n, 7] by falling number of objects, equal ones side by side, int32[n]."""
    # The runtime sorts by float32, which holds this number; more than 7 of a type may lie apart.
    others = tf.minimum(masks[:, 1:], 7) * 8 ** np.arange(N_OBJECT_TYPES - 1)
    key = tf.reduce_sum(masks, axis=1) * 8 ** (N_OBJECT_TYPES - 1) + tf.reduce_sum(others, axis=1)
    return tf.math.top_k(tf.cast(key, tf.int32), k=tf.shape(masks)[0]).indices


def _described(masks: tf.Tensor, slots: int) -> tuple[tf.Tensor, tf.Tensor, Sequence[tf.Tensor]]:
    """`Multiplicities.types`, `described` and `plans` of masks int64[d, 7]."""
    counts = tf.cast(tf.transpose(masks), tf.float32)
    ends = tf.stack([tf.reduce_sum(counts[: i + 1], axis=0) for i in range(N_OBJECT_TYPES)])
    place = np.arange(slots + 1, dtype=np.float32)[:, None, None]
    # 1 for the types whose objects lie before a place; behind the last object comes one more type: MET.
    past = tf.cast(place >= ends, tf.float32)
    following = tf.pad(past, [[0, 0], [1, 0], [0, 0]], constant_values=1.0) - tf.pad(
        past, [[0, 0], [0, 1], [0, 0]]
    )
    types, one_hot = tf.reduce_sum(past, axis=1), following[:, :N_OBJECT_TYPES]
    held = tf.pad(one_hot[:-1], [[1, 0], [0, 0], [0, 0]])
    to_come = tf.minimum(tf.nn.relu(ends - place), counts)
    all_counts = tf.broadcast_to(counts, tf.shape(to_come))
    plans = (held, following, to_come, all_counts)
    described = _to_draw(place[:, 0], types, following, counts, ends)
    present = tf.transpose(tf.where(types < N_OBJECT_TYPES, types, -1.0)[:-1])
    return tf.cast(present, tf.int64), tf.transpose(described, (0, 2, 1)), plans


def _to_draw(
    place: Floats, types: tf.Tensor, following: tf.Tensor, counts: tf.Tensor, ends: tf.Tensor
) -> tf.Tensor:
    """`ToDraw` of all places, [slots + 1, 14, d].

    Args:
        place: Which place, [slots + 1, 1].
        types: The type of its object, [slots + 1, d].
        following: One-hot, MET last, [slots + 1, 8, d].
        counts: Numbers of objects of each type, [7, d].
        ends: Where these end, [7, d].
    """
    one_hot = following[:, :N_OBJECT_TYPES]
    last = tf.reduce_sum(one_hot * ends, axis=1)
    rank = place - last + tf.reduce_sum(one_hot * counts, axis=1)
    first = tf.cast(rank < 0.5, tf.float32) * tf.reduce_sum(one_hot, axis=1)
    # Where there is no object, any table will do.
    kind = tf.minimum(types, N_OBJECT_TYPES - 1) * KINDS + tf.minimum(rank, RANKS - 1)
    chance = first * tf.cast(last > ends[-1] - 0.5, tf.float32)
    constants = [tf.reduce_sum(following * values[:, None], axis=1) for values in _OF_TYPES.T]
    return tf.concat([one_hot, tf.stack([kind, first, chance, *constants], axis=1)], axis=1)
