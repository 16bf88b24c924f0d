"""Objects as networks see them: what is known of one, of a pair, and of the sum of several.

Columns come first: features have the shape [features, n], those of pairs of n queries with j sources
[features, j, n].
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.coordinates import JET_TYPES, PT_MIN

OBJECT_FEATURES: Final = 10
"""Of an object itself: see `Objects.features`."""

N_SUMS: Final = 5
"""px, py, pz, E and scalar pT, summed over objects."""

SOURCE_FEATURES: Final = OBJECT_FEATURES + 2 + N_OBJECT_TYPES
"""Those of an object itself, the size of eta, 1 for a jet, one-hot type."""

PAIR_FEATURES: Final = 8
RECOIL_FEATURES: Final = 8

LOG_PT: Final = 4
"""Which of an object's features is z = log(pT / threshold)."""

_N_COLUMNS: Final = 5


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects, a column each of what is known of them: [n] as queries, [j, n] as sources.

    Attributes:
        z: log(pT / threshold).
        eta: Pseudorapidity.
        phi: Azimuth.
        cos: Its cosine.
        sin: Its sine.
    """

    z: tf.Tensor
    eta: tf.Tensor
    phi: tf.Tensor
    cos: tf.Tensor
    sin: tf.Tensor

    @classmethod
    def of(cls, z: tf.Tensor, eta: tf.Tensor, phi: tf.Tensor) -> Self:
        """Objects of these coordinates."""
        return cls(z, eta, phi, tf.cos(phi), tf.sin(phi))

    @classmethod
    def from_features(cls, features: tf.Tensor) -> Self:
        """The objects of `features`, [10, ...]."""
        return cls(*(tf.gather(features, LOG_PT + i) for i in range(_N_COLUMNS)))

    @property
    def columns(self) -> tuple[tf.Tensor, ...]:
        """All columns."""
        return self.z, self.eta, self.phi, self.cos, self.sin

    def features(self, mass: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        """px, py, pz, E (of a massless object) in 100 GeV, z, eta, phi, cos, sin, 3 m / pT, [10, ...].

        Args:
            mass: m / pT.
            types: One-hot, [7, ...]; all features of an object of no type are 0.
        """
        pt = tf.exp(self.z) * of_type(types, PT_MIN / 100)
        momentum = [pt * self.cos, pt * self.sin, pt * tf.sinh(self.eta), pt * tf.cosh(self.eta)]
        held = tf.reduce_sum(types, axis=0)
        own = [column * held for column in (*self.columns, 3 * mass)]
        return tf.stack([*momentum, *own])


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects that earlier positions describe, as the densities of later ones see them.

    Attributes:
        features: `source_features`, [19, j, n].
        eta_waves: Cosines, then sines, of the harmonics of eta, and these in the other order,
            [j, n, 2 harmonics] each.
        phi_waves: Cosines and sines of the harmonics of phi, [j, n, harmonics] each.
        visible: 1 for the sources that a query sees, else 0, [j, n], or None for all.
    """

    features: tf.Tensor
    eta_waves: tuple[tf.Tensor, ...]
    phi_waves: tuple[tf.Tensor, ...]
    visible: tf.Tensor | None = None

    @property
    def number(self) -> tf.Tensor:
        """How many each query has, j."""
        return tf.shape(self.features)[1]

    @property
    def objects(self) -> Objects:
        """Their coordinates."""
        return Objects.from_features(self.features)

    @property
    def momentum(self) -> tf.Tensor:
        """px, py, pz, E of massless objects in 100 GeV, [4, j, n]."""
        return self.features[:LOG_PT]

    @property
    def jet(self) -> tf.Tensor:
        """1 for a jet or b-jet that a query sees, else 0, [j, n]."""
        return self._seen_column(OBJECT_FEATURES + 1)

    @property
    def light(self) -> tf.Tensor:
        """1 for a jet that is no b-jet and that a query sees, else 0, [j, n]."""
        return self._seen_column(OBJECT_FEATURES + 2)

    def seen(self, x: tf.Tensor) -> tf.Tensor:
        """Zeros in place of what belongs to sources that a query does not see, [j, n, ...]."""
        return x if self.visible is None else x * self.visible[..., None]

    def followed_by(self, other: "Sources") -> "Sources":
        """These, then others."""
        features = tf.concat([self.features, other.features], axis=1)
        waves = zip(self.tensors[1:], other.tensors[1:], strict=True)
        return Sources.from_tensors(features, *(tf.concat(both, axis=0) for both in waves))

    def repeated(self, queries: int, visible: tf.Tensor) -> "Sources":
        """Those of each row for several queries, [..., j, n * queries, ...]."""
        features = tf.repeat(self.features, queries, axis=2)
        waves = (tf.repeat(wave, queries, axis=1) for wave in self.tensors[1:])
        return replace(Sources.from_tensors(features, *waves), visible=visible)

    @property
    def tensors(self) -> tuple[tf.Tensor, ...]:
        """All but `visible`, as `from_tensors` takes them."""
        return self.features, *self.eta_waves, *self.phi_waves

    @classmethod
    def from_tensors(cls, features: tf.Tensor, *waves: tf.Tensor) -> "Sources":
        """What `tensors` gave."""
        return cls(features, waves[:2], waves[2:])

    def _seen_column(self, number: int) -> tf.Tensor:
        column = tf.gather(self.features, number)
        return column if self.visible is None else column * self.visible


def of_type(types: tf.Tensor, values: npt.NDArray[np.floating]) -> tf.Tensor:
    """The value of each object's type, [...], from one-hot types [7, ...]; 0 for no type."""
    shape = (N_OBJECT_TYPES, *[1] * (len(types.shape) - 1))
    return tf.reduce_sum(types * values.reshape(shape).astype(np.float32), axis=0)


def source_features(features: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
    """What is known of sources, [19, ...], from `Objects.features` and one-hot types [7, ...]."""
    size, jet = tf.abs(features[LOG_PT + 1]), tf.reduce_sum(types[:JET_TYPES], axis=0)
    return tf.concat([features, tf.stack([size, jet]), types], axis=0)


def object_sums(features: tf.Tensor) -> tf.Tensor:
    """What is summed over objects, [5, ...]: px, py, pz, E and scalar pT in 100 GeV."""
    scalar = tf.sqrt(tf.square(features[0]) + tf.square(features[1]) + 1e-12)
    return tf.concat([features[:4], tf.expand_dims(scalar, 0)], axis=0)


def recoil_features(sums: tf.Tensor) -> tf.Tensor:
    """What is known of the sum of objects, [8, n]: 5 and 6 are its direction, 4 is log(pT / 100 GeV)."""
    px, py, pz, energy, scalar = tf.unstack(sums)
    squared = px * px + py * py
    pt = tf.sqrt(squared + 1e-8)
    mass = tf.sqrt(tf.maximum(energy * energy - squared - pz * pz, 1e-8))
    inverse = 1 / (pt + 1e-3)
    return tf.stack(
        [
            px / 2,
            py / 2,
            tf.asinh(pz),
            tf.math.log(1 + scalar),
            tf.math.log(pt + 0.05),
            px * inverse,
            py * inverse,
            tf.math.log(1 + mass),
        ]
    )


def pair_features(query: Objects, sources: Objects) -> Sequence[tf.Tensor]:
    """Features of pairs of objects, 8 columns [j, n].

    Difference in eta, its size, its square, cosine of that in phi, the logarithm of the mass^2 over twice the
    product of pT, both log pT, much as in arXiv:2202.03772, eq. 3, and 1.
    """
    apart = query.eta - sources.eta
    cos = query.cos * sources.cos + query.sin * sources.sin
    mass = tf.math.log(tf.maximum(tf.cosh(apart) - cos, 0.0) + 1e-3)
    one = tf.ones_like(apart)
    return apart, tf.abs(apart), tf.square(apart), cos, mass, query.z * one, sources.z, one


def pair_distance(query: Objects, sources: Objects) -> Sequence[tf.Tensor]:
    """Delta-R of pairs of objects and its falling exponential, [j, n] each."""
    turn = tf.abs(query.phi - sources.phi)
    across = tf.minimum(turn, np.float32(2 * np.pi) - turn)
    distance = tf.sqrt(tf.square(query.eta - sources.eta) + tf.square(across) + 1e-6)
    return distance, tf.exp(-distance)


def azimuth(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The azimuth of a vector, up to full turns."""
    # Not atan2: its ONNX form takes the sign of 0 for 0.
    safe = x + 1e-6 * tf.cast(tf.abs(x) < 1e-6, tf.float32)
    return tf.atan(y / safe) + np.float32(np.pi) * tf.cast(x < 0, tf.float32)
