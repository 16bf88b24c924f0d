"""Where the objects of an event stand among a flow's coordinates.

Slots are grouped: jets, b-jets, then all others (leptons and photons). An event fills the first slots of each
group, jets and b-jets by falling pT, the others by type and then by falling pT, so its numbers of objects
alone tell which slots it fills and with what.
"""

from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import Bools, Floats, Ints
from events.objects import N_OBJECT_TYPES, ObjectType
from training.config import STRICT

JET_GROUPS: Final = 2
"""The first groups hold jets and b-jets, whose objects are chained by falling pT and have masses."""

_GROUPS: Final = 3
_GROUP_OF_TYPE: Final = np.array([0, 1, 2, 2, 2, 2, 2])
_OTHERS: Final = np.arange(ObjectType.ELECTRON, N_OBJECT_TYPES)


@dataclass(frozen=True, slots=True, config=STRICT)
class GroupedSlots:
    """Slots of each group.

    Attributes:
        jets: The most jets of an event.
        b_jets: The most b-jets.
        others: The most leptons and photons together.
    """

    jets: Annotated[int, Field(ge=1)]
    b_jets: Annotated[int, Field(ge=1)]
    others: Annotated[int, Field(ge=1)]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Slots of each group."""
        return self.jets, self.b_jets, self.others

    @property
    def total(self) -> int:
        """Slots in all."""
        return sum(self.sizes)

    @property
    def group(self) -> npt.NDArray[np.int64]:
        """Group of each slot, int64[slots]."""
        return np.repeat(np.arange(_GROUPS), self.sizes)

    @property
    def rank(self) -> npt.NDArray[np.int64]:
        """Position of each slot in its group, from 0, int64[slots]."""
        return np.concatenate([np.arange(size) for size in self.sizes])

    @property
    def chained(self) -> Bools:
        """Whether each slot is for a jet that follows another, bool[slots]."""
        follows: Bools = (self.group < JET_GROUPS) & (self.rank > 0)
        return follows

    @property
    def context_width(self) -> int:
        """Features of a context."""
        return self.total + self.others * len(_OTHERS)

    def hold(self, masks: Ints) -> Bools:
        """Whether events have objects, and slots for them all, bool[n]; masks int64[n, 7]."""
        counts = np.stack([masks[:, _GROUP_OF_TYPE == each].sum(axis=1) for each in range(_GROUPS)], axis=1)
        held: Bools = (counts <= self.sizes).all(axis=1) & (counts.sum(axis=1) > 0)
        return held

    def arrange(self, types: Ints, pt: Floats) -> tuple[Ints, Bools]:
        """Which object of a padded event stands in each slot.

        Args:
            types: Object types, int64[n, s], -1 where there is no object.
            pt: Transverse momenta, float32[n, s].

        Returns:
            The index of the object of each slot, int64[n, slots], and whether there is one, bool[n, slots].
        """
        group = np.where(types < 0, _GROUPS, _GROUP_OF_TYPE[types])
        order = np.lexsort((-pt, types, group), axis=1)
        counts = np.stack([(group == each).sum(axis=1) for each in range(_GROUPS)], axis=1)
        before = np.cumsum(counts, axis=1) - counts
        place = np.minimum(before[:, self.group] + self.rank, types.shape[1] - 1)
        return np.take_along_axis(order, place, axis=1), counts[:, self.group] > self.rank

    def fill(self, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Which slots events fill and with what.

        Args:
            mask: Numbers of objects of each type, int64[n, 7].

        Returns:
            1 for each slot with an object, else 0, float32[n, slots], and the type that each slot is for,
            int64[n, slots].
        """
        members = tf.constant(_GROUP_OF_TYPE[:, None] == np.arange(_GROUPS), tf.int64)
        counts = tf.reduce_sum(mask[:, :, None] * members, axis=1)
        filled = tf.gather(counts, self.group, axis=1) > self.rank
        # An object is of the first type with which the running number of objects exceeds its rank.
        ends = tf.cumsum(tf.gather(mask, _OTHERS[:-1], axis=1), axis=1)
        beyond = tf.cast(self.rank[:, None] >= ends[:, None, :], tf.int64)
        among_others = _OTHERS[0] + tf.reduce_sum(beyond, axis=2)
        return tf.cast(filled, tf.float32), tf.where(self.group == JET_GROUPS, among_others, self.group)

    def context(self, filled: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        """What `fill` gave, told to networks, float32[n, context_width]."""
        others = self.jets + self.b_jets
        named = tf.cast(types[:, others:, None] == _OTHERS, tf.float32) * filled[:, others:, None]
        return tf.concat([filled, tf.reshape(named, (-1, self.others * len(_OTHERS)))], axis=1)
