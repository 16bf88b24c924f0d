"""What a sampler keeps of events between one object and the next."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Final, NamedTuple, Self

import tensorflow as tf

from training.autoregressive.candidates import Candidate
from training.autoregressive.objects import N_SUMS, OBJECT_FEATURES

_WIDTHS: Final = (OBJECT_FEATURES, N_SUMS, 1, 4, 1)


@dataclass(frozen=True, slots=True)
class Summary:
    """Events after k objects, m of them.

    Attributes:
        features: `Objects.features` of object k - 1, [10, m].
        sums: `object_sums` of all objects, [5, m].
        passed: 1 once an object has let the event pass the selection, else 0, [1, m].
        momentum: Of the candidate for a W boson, [4, m].
        away: How far its mass is from the W's, [1, m].
    """

    features: tf.Tensor
    sums: tf.Tensor
    passed: tf.Tensor
    momentum: tf.Tensor
    away: tf.Tensor

    @classmethod
    def of_none(cls, n: tf.Tensor) -> Self:
        """So many events before their first object."""
        features, sums, zero = (tf.zeros((width, n)) for width in (OBJECT_FEATURES, N_SUMS, 1))
        none = Candidate.none(n)
        return cls(features, sums, zero, none.momentum, none.away)

    @classmethod
    def unpacked(cls, packed: tf.Tensor) -> Self:
        """What `packed` gave."""
        return cls(*tf.split(packed, _WIDTHS))

    @property
    def candidate(self) -> Candidate:
        """The candidate for a W boson."""
        return Candidate(self.momentum, self.away)

    @property
    def packed(self) -> tf.Tensor:
        """All as one tensor, [21, m]: the runtime has less to do with one than with many."""
        return tf.concat([getattr(self, field.name) for field in fields(self)], axis=0)


class State(NamedTuple):
    """Events after k objects; m of n rows have that many.

    Attributes:
        summary: `Summary.packed`.
        sources: The tensors of `Sources`, [19, k, m] and [k, m, ...] each.
        biases: Of the attention of the next position to itself and to those before, layer by layer,
            [k, m, heads] each.
        seen: Keys and values of the positions that hold an object, [k - 1, m, attention], layer by layer.
        done: Contexts for the MET of the other rows, [n - m, width].
        drawn: pT, eta, phi and m / pT of the objects of all rows, 0 for none, [k, 4, n].
    """

    summary: tf.Tensor
    sources: tuple[tf.Tensor, ...]
    biases: tuple[tf.Tensor, ...]
    seen: tuple[tf.Tensor, ...]
    done: tf.Tensor
    drawn: tf.Tensor

    def shapes(self) -> "State":
        """The shapes that these tensors keep, whatever the numbers of rows and of objects."""
        features, *waves = self.sources
        own = tf.TensorShape([features.shape[0], None, None])
        summary = tf.TensorShape([self.summary.shape[0], None])
        done, drawn = tf.TensorShape([None, self.done.shape[1]]), tf.TensorShape([None, 4, None])
        return State(summary, (own, *_open(waves)), _open(self.biases), _open(self.seen), done, drawn)


def _open(tensors: Iterable[tf.Tensor]) -> tuple[tf.TensorShape, ...]:
    return tuple(tf.TensorShape([None, None, x.shape[2]]) for x in tensors)
