"""Which objects events shall have, events by falling number of objects."""

from dataclasses import dataclass, replace
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
        masks: int64[n, 7].
        rows: How many rows have an object k, for each k, int32[slots].
        distinct: Those that differ from the one before, int64[d, 7].
        which: Which of these each row has, int32[n].
        distinct_types: The type of each object, -1 where there is none, int64[d, slots].
        to_draw_of: `ToDraw` of objects 0 to slots, [slots + 1, d, 8 + 7].
    """

    masks: tf.Tensor
    rows: tf.Tensor
    distinct: tf.Tensor
    which: tf.Tensor
    distinct_types: tf.Tensor
    to_draw_of: tf.Tensor

    @classmethod
    def of(cls, masks: tf.Tensor, slots: int) -> "Multiplicities":
        """The layout of masks int64[n, 7] in the order of `falling`."""
        changes = tf.reduce_max(tf.cast(masks[1:] != masks[:-1], tf.int32), axis=1)
        which = tf.pad(tf.cumsum(changes), [[1, 0]])
        distinct = tf.gather(masks, tf.where(tf.pad(changes, [[1, 0]], constant_values=1) > 0)[:, 0])
        total = tf.reduce_sum(masks, axis=1)
        rows = tf.reduce_sum(tf.cast(np.arange(slots)[:, None] < total, tf.int32), axis=1)
        types, to_draw_of = _described(distinct, slots)
        return cls(masks, rows, distinct, which, types, to_draw_of)

    @property
    def types(self) -> tf.Tensor:
        """The type of each object, -1 where there is none, int64[n, slots]."""
        return tf.gather(self.distinct_types, self.which)

    def of_distinct(self) -> "Multiplicities":
        """That of one row of each mask."""
        which = tf.range(tf.shape(self.distinct)[0])
        return replace(self, masks=self.distinct, which=which)

    def to_draw(self, k: Index, n: tf.Tensor) -> ToDraw:
        """What is known of object k of the first n rows."""
        columns = tf.transpose(tf.gather(tf.gather(self.to_draw_of, k), self.which[:n]))
        return ToDraw(columns[: N_OBJECT_TYPES + 1], *tf.unstack(columns[N_OBJECT_TYPES + 1 :]))


def falling(masks: tf.Tensor) -> tf.Tensor:
    """The order of masks int64[n, 7] by falling number of objects, equal ones side by side, int32[n]."""
    # The runtime sorts by float32, which holds this number; more than 7 of a type may lie apart.
    others = tf.minimum(masks[:, 1:], 7) * 8 ** np.arange(N_OBJECT_TYPES - 1)
    key = tf.reduce_sum(masks, axis=1) * 8 ** (N_OBJECT_TYPES - 1) + tf.reduce_sum(others, axis=1)
    return tf.math.top_k(tf.cast(key, tf.int32), k=tf.shape(masks)[0]).indices


def _described(masks: tf.Tensor, slots: int) -> tuple[tf.Tensor, tf.Tensor]:
    """`Multiplicities.distinct_types` and `Multiplicities.to_draw_of` of masks int64[d, 7]."""
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
    present = tf.transpose(tf.where(types < N_OBJECT_TYPES, types, -1.0)[:-1])
    return tf.cast(present, tf.int64), tf.transpose(columns, (0, 2, 1))
