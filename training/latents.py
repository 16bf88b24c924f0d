"""Where a model's latent points come from when it generates: what its graph makes of noise.

Tables, such as the encodings of training events, lie in the graph itself; a uniform number picks a row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
import tensorflow as tf

from events.batch import Floats
from models.graphs import Noise
from training.masks import AliasTable

Inputs: TypeAlias = Mapping[str, tf.Tensor]

NORMAL: Final = "normal"
UNIFORM: Final = "uniform"


class LatentSource(Protocol):
    """Draws latent points from noise."""

    @property
    def noises(self) -> tuple[Noise, ...]:
        """The noise it takes."""

    def draw(self, inputs: Inputs) -> tf.Tensor:
        """Latent points float32[n, latent] from noise by name."""


def normals(width: int) -> Noise:
    """Standard normal numbers as the input of a graph."""
    return Noise(name=NORMAL, distribution="normal", width=width)


def uniforms(width: int) -> Noise:
    """Uniform numbers as the input of a graph."""
    return Noise(name=UNIFORM, distribution="uniform", width=width)


@dataclass(frozen=True, slots=True)
class StandardNormal:
    """The prior of a beta-VAE.

    Attributes:
        width: Dimensions of the latent space.
    """

    width: int

    @property
    def noises(self) -> tuple[Noise, ...]:
        """A normal number a dimension."""
        return (normals(self.width),)

    def draw(self, inputs: Inputs) -> tf.Tensor:
        """The noise as it is."""
        return inputs[NORMAL]


@dataclass(frozen=True, slots=True)
class Replay:
    """Encodings of training events, each smeared by noise of a width of its own: z ~ N(mean, width).

    The alpha-VAEs of the thesis (width alpha) and the density information buffer of the B-VAE
    (arXiv:1901.00875: width alpha * sigma + gamma, the smudge factors).

    Attributes:
        mean: Encodings, float16[k, latent].
        width: Standard deviations of the noise, float16[k, latent] or a number.
    """

    mean: np.ndarray[tuple[int, int], np.dtype[np.float16]]
    width: np.ndarray[tuple[int, int], np.dtype[np.float16]] | float

    @property
    def noises(self) -> tuple[Noise, ...]:
        """A uniform number to pick an encoding, and a normal one a dimension."""
        return uniforms(1), normals(self.mean.shape[1])

    def draw(self, inputs: Inputs) -> tf.Tensor:
        """An encoding each, smeared."""
        index = pick(inputs[UNIFORM][:, 0], len(self.mean))
        width = self.width if isinstance(self.width, float) else gathered(self.width, index)
        return gathered(self.mean, index) + width * inputs[NORMAL]


@dataclass(frozen=True, slots=True)
class Mixture:
    """A mixture of Gaussians.

    Attributes:
        components: Alias table of the components.
        means: float32[k, latent].
        factors: Lower triangular L with covariance L L^T, float32[k, latent, latent].
    """

    components: AliasTable
    means: Floats
    factors: Floats

    @property
    def noises(self) -> tuple[Noise, ...]:
        """Two uniform numbers to pick a component, and a normal one a dimension."""
        return uniforms(2), normals(self.means.shape[1])

    def draw(self, inputs: Inputs) -> tf.Tensor:
        """A component each, and a point of it."""
        chosen = draw_alias(self.components, inputs[UNIFORM][:, 0], inputs[UNIFORM][:, 1])
        factors = tf.gather(tf.constant(self.factors), chosen)
        return tf.gather(tf.constant(self.means), chosen) + tf.linalg.matvec(factors, inputs[NORMAL])


def pick(uniform: tf.Tensor, size: int) -> tf.Tensor:
    """A row number in 0..size-1 for each uniform number in [0, 1), int64[n]."""
    return tf.minimum(tf.cast(uniform * np.float32(size), tf.int64), size - 1)


def gathered(table: np.ndarray[tuple[int, ...], np.dtype[np.float16]], index: tf.Tensor) -> tf.Tensor:
    """Rows of a table that is kept in half precision, float32[n, ...]."""
    return tf.cast(tf.gather(tf.constant(table), index), tf.float32)


def draw_alias(table: AliasTable, position: tf.Tensor, acceptance: tf.Tensor) -> tf.Tensor:
    """`AliasTable.draw` as a graph of TensorFlow, int64[n]."""
    index = pick(position, len(table.accept))
    kept = acceptance < tf.gather(tf.constant(table.accept), index)
    return tf.where(kept, index, tf.gather(tf.constant(table.alias), index))
