"""What a sampler keeps of events between one object and the next."""

from dataclasses import dataclass, fields
from typing import Final, NamedTuple, Self

import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.candidates import Candidate
from training.autoregressive.objects import N_SUMS, OBJECT_FEATURES

_WIDTHS: Final = (OBJECT_FEATURES, N_OBJECT_TYPES, N_SUMS, N_OBJECT_TYPES, N_OBJECT_TYPES, 1, 1, 4, 1)


@dataclass(frozen=True, slots=True)
class Summary:
    """Events after k objects, m of them.

    Attributes:
        features: `Objects.features` of object k - 1, [10, m].
        types: Its type, one-hot, [7, m].
        sums: `object_sums` of all objects, [5, m].
        to_come: Half the objects of each type that are still to come, [7, m].
        counts: Half the objects of each type, [7, m].
        total: A fifth of the number of objects, [1, m].
        passed: 1 once an object has let the event pass the selection, else 0, [1, m].
        momentum: Of the candidate for a W boson, [4, m].
        away: How far its mass is from the W's, [1, m].
    """

    features: tf.Tensor
    types: tf.Tensor
    sums: tf.Tensor
    to_come: tf.Tensor
    counts: tf.Tensor
    total: tf.Tensor
    passed: tf.Tensor
    momentum: tf.Tensor
    away: tf.Tensor

    @classmethod
    def of_none(cls, masks: tf.Tensor) -> Self:
        """Events before their first object, from masks int64[m, 7]."""
        counts = tf.cast(tf.transpose(masks), tf.float32) / 2
        n, total = tf.shape(counts)[1], tf.reduce_sum(counts, axis=0, keepdims=True) * (2 / 5)
        features, types, sums, zero = (
            tf.zeros((width, n)) for width in (OBJECT_FEATURES, N_OBJECT_TYPES, N_SUMS, 1)
        )
        none = Candidate.none(n)
        away = tf.expand_dims(none.away, 0)
        return cls(features, types, sums, counts, counts, total, zero, none.momentum, away)

    @classmethod
    def unpacked(cls, packed: tf.Tensor) -> Self:
        """What `packed` gave."""
        return cls(*tf.split(packed, _WIDTHS))

    @property
    def candidate(self) -> Candidate:
        """The candidate for a W boson."""
        return Candidate(self.momentum, self.away[0])

    @property
    def packed(self) -> tf.Tensor:
        """All as one tensor, [43, m]: the runtime has less to do with one than with many."""
        return tf.concat([getattr(self, field.name) for field in fields(self)], axis=0)


class State(NamedTuple):
    """Events after k objects; m of n rows have that many.

    Attributes:
        summary: `Summary.packed`.
        features: `Sources.features` of all objects, [19, k, m].
        waves: The waves of `Sources.tensors`, [k, m, ...].
        seen: Keys and values of the positions that hold an object, [k - 1, m, attention], layer by layer.
        done: Contexts for the MET of the other rows, [n - m, width].
        drawn: pT, eta, phi and m / pT of the objects of all rows, 0 for none, [k, 4, n].
    """

    summary: tf.Tensor
    features: tf.Tensor
    waves: tuple[tf.Tensor, ...]
    seen: tuple[tf.Tensor, ...]
    done: tf.Tensor
    drawn: tf.Tensor

    def first(self, m: tf.Tensor) -> "State":
        """The first m of the rows that have k objects; `done` and `drawn` as they were."""
        waves, seen = (tuple(x[:, :m] for x in each) for each in (self.waves, self.seen))
        return State(self.summary[:, :m], self.features[:, :, :m], waves, seen, self.done, self.drawn)

    def shapes(self) -> "State":
        """The shapes that these tensors keep, whatever the numbers of rows and of objects."""
        waves, seen = (
            tuple(tf.TensorShape([None, None, x.shape[2]]) for x in each) for each in (self.waves, self.seen)
        )
        features = tf.TensorShape([self.features.shape[0], None, None])
        summary = tf.TensorShape([self.summary.shape[0], None])
        done, drawn = tf.TensorShape([None, self.done.shape[1]]), tf.TensorShape([None, 4, None])
        return State(summary, features, waves, seen, done, drawn)
