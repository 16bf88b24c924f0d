"""The pair of light jets that is nearest to the mass of the W boson: one more may make a top quark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import tensorflow as tf

from events.masses import W_MASS
from events.objects import ObjectType
from training.autoregressive.coordinates import PT_MIN
from training.autoregressive.objects import Sources

CANDIDATE_FEATURES: Final = 6

_FAR: Final = 3.0
"""Distance of no candidate; a pair that is further away is none."""

_LOG_W: Final = float(np.log(W_MASS**2 / (2 * PT_MIN[ObjectType.JET] ** 2)))
_MASS_COLUMN: Final = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """The best pair of each event so far.

    Attributes:
        momentum: px, py, pz and E in 100 GeV, [4, n]; zeros if there is none.
        away: |log(m^2 / m_W^2)|, [1, n]; 3 if there is none.
    """

    momentum: tf.Tensor
    away: tf.Tensor

    @classmethod
    def none(cls, n: tf.Tensor) -> Self:
        """No candidate in any of n events."""
        return cls(tf.zeros((4, n)), tf.fill((1, n), _FAR))

    def nearer(self, other: "Candidate") -> "Candidate":
        """The nearer to the W's mass of two candidates."""
        better = tf.cast(other.away < self.away, tf.float32)
        momentum = self.momentum + better * (other.momentum - self.momentum)
        return Candidate(momentum, tf.minimum(self.away, other.away))

    @property
    def features(self) -> tf.Tensor:
        """What networks see, [6, n]; 0 and 1 are its direction."""
        px, py, pz, _ = tf.split(self.momentum, 4)
        pt = tf.sqrt(px * px + py * py + 1e-8)
        inverse = 1 / (pt + 1e-3)
        along = tf.asinh(pz * inverse)
        near = tf.exp(-8 * self.away)
        return tf.concat([px * inverse, py * inverse, tf.math.log(pt + 0.05), along, near, self.away], axis=0)


def best_pair(own: tf.Tensor, light: tf.Tensor, pairs: Sequence[tf.Tensor], sources: Sources) -> Candidate:
    """The pair of each of n objects with the one of the objects before it that is nearest to the W's mass.

    Args:
        own: Momentum of the object, px, py, pz, E in 100 GeV, [4, n].
        light: 1 if it is a light jet, else 0, [1, n].
        pairs: `pair_features` with the objects before it, [1, j, n] each.
        sources: These.
    """
    log_mass = pairs[_MASS_COLUMN] + pairs[_MASS_COLUMN + 1] + pairs[_MASS_COLUMN + 2]
    usable = sources.light * light
    away = tf.abs(log_mass - _LOG_W) * usable + _FAR * (1 - usable)
    least = tf.minimum(tf.reduce_min(away, axis=1), _FAR)
    chosen = tf.cast(away <= least, tf.float32) * usable
    found = tf.cast(least < _FAR, tf.float32)
    return Candidate((own + tf.reduce_sum(chosen * sources.momentum, axis=1)) * found, least)
