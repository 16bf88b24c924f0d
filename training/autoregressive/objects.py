"""Objects as networks see them: what is known of one, of a pair, and of the sum of several.

Columns come first: features have the shape [features, n], those of pairs of n queries with j sources
[features, j, n]. A single column keeps an axis of 1, so that `tf.concat` puts columns above one another and
`tf.split` has them back, and the runtime has no shapes to change in between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.angles import angle_between
from training.autoregressive.attention import over_sources

OBJECT_FEATURES: Final = 10
"""Of an object itself: see `Objects.features`."""

N_SUMS: Final = 5
"""px, py, pz, E and scalar pT, summed over objects."""

SOURCE_FEATURES: Final = OBJECT_FEATURES + 2 + N_OBJECT_TYPES
"""Those of an object itself, the size of eta, 1 for a jet, one-hot type."""

PAIR_FEATURES: Final = 8
RECOIL_FEATURES: Final = 8
RECOIL_DIRECTION: Final = 3
"""Where the cosine and sine of a recoil's azimuth begin among its features."""

LOG_RECOIL: Final = 6
"""Which of a recoil's features is log(pT / 100 GeV)."""

LOG_PT: Final = 4
"""Which of an object's features is z = log(pT / threshold)."""

_N_COLUMNS: Final = 5
_NO_MASS: Final = 1e-3
_SOURCE_PARTS: Final = (LOG_PT, *[1] * _N_COLUMNS, 2, 1, 1, N_OBJECT_TYPES - 1)
_SMALLEST: Final = np.array([[1.0], [0.05], [1.0]], np.float32)
"""What is added to scalar pT, pT and mass of a recoil before their logarithms."""


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects, a column each of what is known of them: [1, n] as queries, [1, j, n] as sources.

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
        return cls(*tf.split(features[LOG_PT : LOG_PT + _N_COLUMNS], _N_COLUMNS))

    @property
    def columns(self) -> tuple[tf.Tensor, ...]:
        """All columns."""
        return self.z, self.eta, self.phi, self.cos, self.sin

    def features(self, mass: tf.Tensor, pt: tf.Tensor) -> tf.Tensor:
        """px, py, pz, E (of a massless object) in 100 GeV, z, eta, phi, cos, sin, 3 m / pT, [10, ...].

        Args:
            mass: m / pT.
            pt: In 100 GeV.
        """
        momentum = [pt * self.cos, pt * self.sin, pt * tf.sinh(self.eta), pt * tf.cosh(self.eta)]
        return tf.concat([*momentum, *self.columns, 3 * mass], axis=0)


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects that earlier positions describe, as the densities of later ones see them.

    Attributes:
        number: How many each query has, j.
        features: `source_features`, [19, j, n].
        eta_waves: Cosines, sines, sines and cosines of the harmonics of eta, [j, n, 4 harmonics].
        phi_waves: Cosines and sines of the harmonics of phi, [j, n, 2 harmonics].
        visible: 1 for the sources that a query sees, else 0, [1, j, n], or None for all.
    """

    number: int | tf.Tensor
    features: tf.Tensor
    eta_waves: tf.Tensor
    phi_waves: tf.Tensor
    visible: tf.Tensor | None = None

    @property
    def objects(self) -> Objects:
        """Their coordinates."""
        return Objects(*self._parts[1 : 1 + _N_COLUMNS])

    @property
    def momentum(self) -> tf.Tensor:
        """px, py, pz, E of massless objects in 100 GeV, [4, j, n]."""
        return self._parts[0]

    @property
    def jet(self) -> tf.Tensor:
        """1 for a jet or b-jet that a query sees, else 0, [1, j, n]."""
        return self._seen(self._parts[-3])

    @property
    def light(self) -> tf.Tensor:
        """1 for a jet that is no b-jet and that a query sees, else 0, [1, j, n]."""
        return self._seen(self._parts[-2])

    def summed(self, rows: tf.Tensor) -> tf.Tensor:
        """The sum over the sources that a query sees, [n, ...], of rows of pairs, [j * n, ...]."""
        seen = rows if self.visible is None else rows * tf.reshape(self.visible, (-1, 1))
        return over_sources(seen, self.number)

    def followed_by(self, other: "Sources") -> "Sources":
        """These, then others."""
        features = tf.concat([self.features, other.features], axis=1)
        eta_waves = tf.concat([self.eta_waves, other.eta_waves], axis=0)
        phi_waves = tf.concat([self.phi_waves, other.phi_waves], axis=0)
        return Sources(self.number + other.number, features, eta_waves, phi_waves)

    def repeated(self, queries: int, visible: tf.Tensor) -> "Sources":
        """Those of each row for several queries, [..., j, n * queries, ...]."""
        eta_waves, phi_waves = (tf.repeat(x, queries, axis=1) for x in (self.eta_waves, self.phi_waves))
        features = tf.repeat(self.features, queries, axis=2)
        return Sources(self.number, features, eta_waves, phi_waves, visible)

    @property
    def _parts(self) -> Sequence[tf.Tensor]:
        """Momentum, five columns, two more, 1 for a jet, for a light one, the other types."""
        parts: Sequence[tf.Tensor] = tf.split(self.features, _SOURCE_PARTS)
        return parts

    def _seen(self, column: tf.Tensor) -> tf.Tensor:
        return column if self.visible is None else column * self.visible


def of_type(types: tf.Tensor, values: npt.NDArray[np.floating]) -> tf.Tensor:
    """The value of each object's type, [1, ...], from one-hot types [7, ...]; 0 for no type."""
    shape = (N_OBJECT_TYPES, *[1] * (len(types.shape) - 1))
    return tf.reduce_sum(types * values.reshape(shape).astype(np.float32), axis=0, keepdims=True)


def source_features(features: tf.Tensor, jet: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
    """What is known of sources, [19, ...].

    Args:
        features: `Objects.features`.
        jet: 1 for a jet or b-jet, else 0, [1, ...].
        types: One-hot, [7, ...].
    """
    return tf.concat([features, tf.abs(features[LOG_PT + 1 : LOG_PT + 2]), jet, types], axis=0)


def object_sums(features: tf.Tensor, pt: tf.Tensor) -> tf.Tensor:
    """What is summed over objects, [5, ...]: px, py, pz, E and scalar pT in 100 GeV."""
    return tf.concat([features[:LOG_PT], pt], axis=0)


def recoil_features(sums: tf.Tensor) -> tf.Tensor:
    """What is known of the sum of objects, [8, n]."""
    px, py, pz, energy, scalar = tf.split(sums, N_SUMS)
    squared = px * px + py * py
    pt = tf.sqrt(squared + 1e-8)
    mass = tf.sqrt(tf.maximum(energy * energy - squared - pz * pz, 1e-8))
    inverse = 1 / (pt + 1e-3)
    logs = tf.math.log(tf.concat([scalar, pt, mass], axis=0) + _SMALLEST)
    return tf.concat([px, py, tf.asinh(pz), px * inverse, py * inverse, logs], axis=0)


def pair_features(query: Objects, sources: Objects) -> Sequence[tf.Tensor]:
    """Features of pairs of objects, 8 columns [1, j, n].

    Difference in eta, its size, its square, cosine of that in phi, the logarithm of the mass^2 over twice the
    product of pT, both log pT, much as in arXiv:2202.03772, eq. 3, and 1.
    """
    apart = query.eta - sources.eta
    cos = query.cos * sources.cos + query.sin * sources.sin
    mass = tf.math.log(tf.maximum(tf.cosh(apart) - cos, 0.0) + _NO_MASS)
    one = tf.ones_like(apart)
    return apart, tf.abs(apart), tf.square(apart), cos, mass, query.z * one, sources.z, one


def pair_with_itself(z: tf.Tensor) -> tf.Tensor:
    """`pair_features` of objects with themselves, [8, n], from z = log(pT / threshold), [1, n]."""
    slope = np.array([0, 0, 0, 0, 0, 1, 1, 0], np.float32)
    fixed = np.array([0, 0, 0, 1, np.log(_NO_MASS), 0, 0, 1], np.float32)
    return slope[:, None] * z + fixed[:, None]


def pair_distance(query: Objects, sources: Objects) -> Sequence[tf.Tensor]:
    """Delta-R of pairs of objects and its falling exponential, [1, j, n] each."""
    across = angle_between(query.phi, sources.phi)
    distance = tf.sqrt(tf.square(query.eta - sources.eta) + tf.square(across) + 1e-6)
    return distance, tf.exp(-distance)


def azimuth(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The azimuth of a vector, up to full turns."""
    # Not atan2: its ONNX form takes the sign of 0 for 0.
    safe = x + 1e-6 * tf.cast(tf.abs(x) < 1e-6, tf.float32)
    return tf.atan(y / safe) + np.float32(np.pi) * tf.cast(x < 0, tf.float32)
