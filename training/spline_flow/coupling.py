"""A conditional flow of coupling layers over coordinates of which each event has only some.

Coupling layers: Dinh et al., arXiv:1605.08803; with rational-quadratic splines: Durkan et al.,
arXiv:1906.04032. A coordinate that an event lacks neither conditions the others nor counts in the likelihood,
which is therefore exact for the coordinates the event has.
"""

import math
from typing import Annotated, Final

import keras
import numpy as np
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import Bools
from training.angles import wrap
from training.config import STRICT
from training.spline_flow.spline import Spline, circle_spline, line_spline

_BOUND: Final = 4.0
_LOG_TURN: Final = float(np.log(2 * np.pi))


@dataclass(frozen=True, slots=True, config=STRICT)
class FlowConfig:
    """Shape of a flow.

    Attributes:
        layers: Coupling layers.
        bins: Bins of each spline.
        units: Units of the dense layers that give a coupling layer's splines.
    """

    layers: Annotated[int, Field(ge=1)]
    bins: Annotated[int, Field(ge=2)]
    units: tuple[Annotated[int, Field(ge=1)], ...]


class CouplingFlow(keras.Model):  # type: ignore[misc] # keras ships no types
    """A density of coordinates float32[n, lines + circles], given a context float32[n, context].

    Lines have standard normal noise and splines with linear tails, circles uniform noise in [-pi, pi) and
    circular splines, each followed by a rotation. Each layer moves some of both, so it takes two of each.

    Args:
        lines: Number of coordinates on the real line; they come first.
        circles: Number of angles in [-pi, pi).
        context: Number of features of the context.
        config: Layers, bins and units.
        seed: Of the initial weights.
    """

    def __init__(self, lines: int, circles: int, context: int, config: FlowConfig, *, seed: int) -> None:
        super().__init__()
        seeds = keras.random.SeedGenerator(seed)
        self._lines = lines
        self._couplings = [
            _Coupling(moved, lines, context, config, seeds)
            for moved in _alternating_halves(lines, circles, config.layers)
        ]
        self.built = True

    def log_prob(self, x: tf.Tensor, present: tf.Tensor, context: tf.Tensor) -> tf.Tensor:
        """Logarithm of the density of the coordinates that are present, [n].

        Args:
            x: Coordinates, float32[n, d].
            present: 1 for the coordinates that the event has, else 0, float32[n, d].
            context: What the density depends on, float32[n, context].
        """
        z, log_det = self.to_noise(x, present, context)
        lines, circles = present[:, : self._lines], present[:, self._lines :]
        on_lines = -0.5 * tf.reduce_sum(lines * (tf.square(z[:, : self._lines]) + _LOG_TURN), axis=1)
        return on_lines - _LOG_TURN * tf.reduce_sum(circles, axis=1) + log_det

    def to_noise(self, x: tf.Tensor, present: tf.Tensor, context: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The noise that gives x, [n, d], and the logarithm of the Jacobian determinant, [n]."""
        total = tf.zeros_like(x[:, 0])
        for coupling in self._couplings:
            x, log_det = coupling.forward(x, present, context)
            total += log_det
        return x, total

    def from_noise(self, z: tf.Tensor, present: tf.Tensor, context: tf.Tensor) -> tf.Tensor:
        """The coordinates that noise gives, [n, d]; those that an event lacks are arbitrary numbers.

        Args:
            z: Standard normal numbers for the lines, then angles in [-pi, pi) for the circles.
            present: As in `log_prob`.
            context: As in `log_prob`.
        """
        for coupling in reversed(self._couplings):
            z = coupling.inverse(z, present, context)
        return z


class _Coupling(keras.layers.Layer):  # type: ignore[misc] # keras ships no types
    """Moves some coordinates by splines that depend on the others and on the context.

    Args:
        moved: Whether each coordinate is moved, bool[d].
        lines: Number of coordinates on the real line; they come first.
        context: Number of features of the context.
        config: Bins and units.
        seeds: Of the initial weights.
    """

    def __init__(
        self,
        moved: Bools,
        lines: int,
        context: int,
        config: FlowConfig,
        seeds: keras.random.SeedGenerator,
    ) -> None:
        super().__init__()
        circles = len(moved) - lines
        self._lines = lines
        self._kept = (~moved).astype(np.float32)
        self._moved = np.flatnonzero(moved)
        self._stays = np.flatnonzero(~moved)
        self._back = np.argsort(np.concatenate([self._moved, self._stays]))
        self._moved_lines = int(np.count_nonzero(moved[:lines]))
        moved_circles = len(self._moved) - self._moved_lines
        # A circle takes one parameter more than its spline: the rotation.
        self._shapes = ((3 * config.bins - 1, self._moved_lines), (3 * config.bins + 1, moved_circles))
        self._sizes = [math.prod(shape) for shape in self._shapes]
        self._network = keras.Sequential(
            [
                keras.Input((lines + 2 * circles + context,)),
                *(_hidden(units, seeds) for units in config.units),
                # Zeros: an unfitted flow is the identity.
                keras.layers.Dense(sum(self._sizes), kernel_initializer="zeros"),
            ]
        )
        self.built = True

    def forward(self, x: tf.Tensor, present: tf.Tensor, context: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """The moved coordinates among the others, [n, d], and the logarithm of the determinant, [n]."""
        line, circle, rotation = self._transforms(x, present, context)
        on_lines, on_circles = self._chosen(x)
        new_lines, log_lines = line.forward(on_lines)
        new_circles, log_circles = circle.forward(on_circles)
        log_slopes = tf.concat([log_lines, log_circles], axis=1) * tf.gather(present, self._moved, axis=1)
        moved = tf.concat([new_lines, wrap(new_circles + rotation)], axis=1)
        return self._merged(moved, x), tf.reduce_sum(log_slopes, axis=1)

    def inverse(self, z: tf.Tensor, present: tf.Tensor, context: tf.Tensor) -> tf.Tensor:
        """The coordinates of which `forward` gives z, [n, d]."""
        line, circle, rotation = self._transforms(z, present, context)
        on_lines, on_circles = self._chosen(z)
        moved = tf.concat([line.inverse(on_lines), circle.inverse(wrap(on_circles - rotation))], axis=1)
        return self._merged(moved, z)

    def _transforms(
        self, x: tf.Tensor, present: tf.Tensor, context: tf.Tensor
    ) -> tuple[Spline, Spline, tf.Tensor]:
        """The splines of the moved lines and circles, and the rotations of the latter."""
        seen = present * self._kept
        on_lines, on_circles = x[:, : self._lines], x[:, self._lines :]
        seen_lines, seen_circles = seen[:, : self._lines], seen[:, self._lines :]
        inputs = [
            seen_lines * on_lines,
            seen_circles * tf.cos(on_circles),
            seen_circles * tf.sin(on_circles),
            context,
        ]
        flat = self._network(tf.concat(inputs, axis=1))
        parts = zip(tf.split(flat, self._sizes, axis=1), self._shapes, strict=True)
        for_lines, for_circles = (tf.reshape(part, (-1, *shape)) for part, shape in parts)
        return (
            line_spline(for_lines, _BOUND),
            circle_spline(for_circles[:, :-1]),
            for_circles[:, -1],
        )

    def _chosen(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        chosen = tf.gather(x, self._moved, axis=1)
        return chosen[:, : self._moved_lines], chosen[:, self._moved_lines :]

    def _merged(self, moved: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        together = tf.concat([moved, tf.gather(x, self._stays, axis=1)], axis=1)
        return tf.gather(together, self._back, axis=1)


def _hidden(units: int, seeds: keras.random.SeedGenerator) -> keras.layers.Dense:
    return keras.layers.Dense(
        units, activation="relu", kernel_initializer=keras.initializers.HeNormal(seed=seeds)
    )


def _alternating_halves(lines: int, circles: int, layers: int) -> list[Bools]:
    """Which coordinates each layer moves: a random half of the lines and of the circles, then the other.

    Fixed by the number of the layer alone, so a model of the same shape finds the same halves.
    """
    halves: list[Bools] = []
    for layer in range(layers):
        if layer % 2:
            halves.append(~halves[-1])
        else:
            rng = np.random.default_rng(layer)
            halves.append(np.concatenate([rng.permutation(n) < n // 2 for n in (lines, circles)]))
    return halves
