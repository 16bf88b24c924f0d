"""Which objects events shall have, events by falling number of objects."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.coordinates import RANKS

Index: TypeAlias = int | tf.Tensor
"""Number of an object in its event; a tensor in a loop."""


@dataclass(frozen=True, slots=True)
class Multiplicities:
    """The objects that events shall have, events by falling multiplicity.

    Attributes:
        types: int64[n, slots], of objects that there are not the last type.
        kinds: Which table tells the pT of each, int64[n, slots].
        masks: int64[n, 7].
        rows: How many rows have an object k, for each k, int32[slots].
    """

    types: tf.Tensor
    kinds: tf.Tensor
    masks: tf.Tensor
    rows: tf.Tensor

    @classmethod
    def of(cls, masks: tf.Tensor, slots: int) -> "Multiplicities":
        """The layout of masks int64[n, 7], of which no row has more objects than the one before."""
        ends = tf.cumsum(masks, axis=1)
        place = np.arange(slots)
        types = tf.reduce_sum(tf.cast(place[:, None] >= ends[:, None, :-1], tf.int64), axis=2)
        row = tf.range(tf.shape(masks, tf.int64)[0])[:, None]
        starts = tf.gather(tf.reshape(ends - masks, (-1,)), row * N_OBJECT_TYPES + types)
        kinds = types * RANKS + tf.minimum(place - starts, RANKS - 1)
        rows = tf.reduce_sum(tf.cast(place < ends[:, -1:], tf.int32), axis=0)
        return cls(types, kinds, masks, rows)

    def following(self, k: Index, n: tf.Tensor) -> tf.Tensor:
        """One-hot type of object k of the first n rows, MET if there is none, [n, 8]."""
        ends = tf.reduce_sum(self.masks[:n], axis=1)
        type_ = tf.gather(self.types, tf.minimum(k, self.types.shape[1] - 1), axis=1)[:n]
        return tf.one_hot(tf.where(k < ends, type_, N_OBJECT_TYPES), N_OBJECT_TYPES + 1)

    def present(self) -> tf.Tensor:
        """The type of each object, -1 where there is none, int64[n, slots]."""
        held = np.arange(self.types.shape[1]) < tf.reduce_sum(self.masks, axis=1, keepdims=True)
        return tf.where(held, self.types, -1)
