"""Objects as networks see them: what is known of one, of a pair, and of the sum of several."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Self

import numpy as np
import tensorflow as tf

from training.autoregressive.coordinates import PT_MIN

OBJECT_FEATURES: Final = 10
"""Of an object itself: see `Objects.features`."""

N_SUMS: Final = 5
"""px, py, pz, E and scalar pT, summed over objects."""

PAIR_FEATURES: Final = 8
RECOIL_FEATURES: Final = 8

_FIRST_COLUMN: Final = 4
_N_COLUMNS: Final = 5


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects, a column each of what is known of them: [n, 1] as queries, [n, j, 1] as sources.

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
        """The objects of `features`, [n, 10]."""
        return cls(*tf.split(features, OBJECT_FEATURES, axis=1)[_FIRST_COLUMN : _FIRST_COLUMN + _N_COLUMNS])

    @property
    def columns(self) -> tuple[tf.Tensor, ...]:
        """All columns."""
        return self.z, self.eta, self.phi, self.cos, self.sin

    def features(self, mass: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        """px, py, pz, E (of a massless object) in 100 GeV, z, eta, phi, cos, sin, 3 m / pT, [..., 10].

        Args:
            mass: m / pT, [..., 1].
            types: One-hot, [..., 7]; all features of an object of no type are 0.
        """
        pt = tf.exp(self.z) * tf.reduce_sum(types * (PT_MIN / 100), axis=-1, keepdims=True)
        momentum = [pt * self.cos, pt * self.sin, pt * tf.sinh(self.eta), pt * tf.cosh(self.eta)]
        own = tf.concat([*self.columns, 3 * mass], axis=-1)
        held = tf.reduce_sum(types, axis=-1, keepdims=True)
        return tf.concat([*momentum, own * held], axis=-1)


@dataclass(frozen=True, slots=True)
class Sources:
    """The objects that earlier positions describe, as the densities of later ones see them.

    Attributes:
        objects: Their columns and 1 for a jet, else 0, [n, j, 6].
        hidden: First layers of the networks of pairs, for eta, phi and mass, [n, j, pair] each.
        eta_waves: Cosines and sines of the harmonics of eta, [n, j, harmonics] each.
        phi_waves: Of phi.
        visible: 1 for the sources that a query sees, else 0, [n, j, 1], or None for all.
    """

    objects: tf.Tensor
    hidden: tuple[tf.Tensor, ...]
    eta_waves: tuple[tf.Tensor, ...]
    phi_waves: tuple[tf.Tensor, ...]
    visible: tf.Tensor | None = None

    @property
    def columns(self) -> Objects:
        """The columns of the objects."""
        return Objects(*tf.split(self.objects, _N_COLUMNS + 1, axis=-1)[:_N_COLUMNS])

    @property
    def jets(self) -> tf.Tensor:
        """1 for a jet, else 0, [n, j]."""
        return self.objects[..., _N_COLUMNS]

    def rows(self, n: tf.Tensor) -> "Sources":
        """Those of the first n rows."""
        return self._each(lambda x: x[:n])

    def followed_by(self, other: "Sources") -> "Sources":
        """These, then others."""
        return self._each(lambda x, y: tf.concat([x, y], axis=1), other)

    def repeated(self, queries: int, visible: tf.Tensor) -> "Sources":
        """Those of each row for several queries, [n * queries, j, ...]."""
        return replace(self._each(lambda x: tf.repeat(x, queries, axis=0)), visible=visible)

    @property
    def tensors(self) -> tuple[tf.Tensor, ...]:
        """All but `visible`, as `from_tensors` takes them."""
        return self.objects, *self.hidden, *self.eta_waves, *self.phi_waves

    @classmethod
    def from_tensors(cls, objects: tf.Tensor, *rest: tf.Tensor) -> "Sources":
        """What `tensors` gave."""
        return cls(objects, rest[:3], rest[3:5], rest[5:])

    def _each(self, function: Callable[..., tf.Tensor], *others: "Sources") -> "Sources":
        pairs = zip(*(one.tensors for one in (self, *others)), strict=True)
        return Sources.from_tensors(*(function(*tensors) for tensors in pairs))


def object_sums(features: tf.Tensor) -> tf.Tensor:
    """What is summed over objects, [..., 5]: px, py, pz, E and scalar pT in 100 GeV."""
    momentum = features[..., :4]
    scalar = tf.sqrt(tf.reduce_sum(tf.square(features[..., :2]), axis=-1, keepdims=True) + 1e-12)
    return tf.concat([momentum, scalar], axis=-1)


def recoil_features(sums: tf.Tensor) -> tf.Tensor:
    """What is known of the sum of objects, [n, 8]; 5 and 6 are its direction."""
    px, py, pz, energy, scalar = tf.split(sums, N_SUMS, axis=1)
    pt = tf.sqrt(px * px + py * py + 1e-8)
    mass = tf.sqrt(tf.maximum(energy * energy - pt * pt - pz * pz, 1e-8))
    return tf.concat(
        [
            px / 2,
            py / 2,
            tf.asinh(pz),
            tf.math.log(1 + scalar),
            tf.math.log(pt + 0.05),
            px / (pt + 1e-3),
            py / (pt + 1e-3),
            tf.math.log(1 + mass),
        ],
        axis=1,
    )


def pair_features(query: Objects, sources: Objects) -> tf.Tensor:
    """Features of pairs of objects, [n, j, 8].

    Difference in eta, its size, its square, cosine of that in phi, the logarithm of the mass^2 over the
    product of pT, both log pT, and the sum of these three, much as in arXiv:2202.03772, eq. 3.
    """
    apart = query.eta[:, None] - sources.eta
    cos = query.cos[:, None] * sources.cos + query.sin[:, None] * sources.sin
    mass = tf.math.log(tf.maximum(tf.cosh(apart) - cos, 0.0) + 1e-3)
    own = query.z[:, None] + tf.zeros_like(apart)
    columns = [apart, tf.abs(apart), tf.square(apart), cos, mass, own, sources.z, mass + own + sources.z]
    return tf.concat(columns, axis=-1)


def distance_squared(query: Objects, sources: Objects) -> tf.Tensor:
    """Delta-R^2 of pairs of objects, [n, j, 1]."""
    turn = tf.abs(query.phi[:, None] - sources.phi)
    across = tf.minimum(turn, np.float32(2 * np.pi) - turn)
    return tf.square(query.eta[:, None] - sources.eta) + tf.square(across)


def azimuth(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """The azimuth of a vector, up to full turns."""
    # Not atan2: its ONNX form takes the sign of 0 for 0.
    slope = y / tf.where(tf.abs(x) < 1e-6, 1e-6, x)
    return tf.atan(slope) + tf.where(x < 0, np.float32(np.pi), 0.0)
