"""No two jets lie within each other's radius: what azimuths are left."""

from typing import Final

import numpy as np
import tensorflow as tf

from training.autoregressive.objects import Sources

NEAR: Final = 0.36
"""Delta-R^2 below which no two jets lie: the jets' R^2."""

_TURN: Final = np.float32(2 * np.pi)


def allowed_azimuths(eta: tf.Tensor, jet: tf.Tensor, sources: Sources, bins: int) -> tf.Tensor:
    """What is left of each knot's share of a density, where no jet lies within another, [n, bins + 1].

    That is the integral of the knot's hat function over the azimuths that are left, from -pi to pi: exact but
    where the radii of two others overlap.

    Args:
        eta: Of objects, [1, n].
        jet: 1 for jets, else 0, [1, n].
        sources: The objects before.
        bins: Between knots.
    """
    objects, step = sources.objects, np.float32(2 * np.pi / bins)
    squared = tf.square(eta - objects.eta)
    half = tf.sqrt(tf.maximum(NEAR * sources.jet * jet - squared, 0.0))[0, ..., None]
    turn = tf.abs(np.linspace(-np.pi, np.pi, bins + 1, dtype=np.float32) - objects.phi[0, ..., None])
    turn = tf.minimum(turn, _TURN - turn)
    taken = _hat_area((half - turn) / step) - _hat_area((-half - turn) / step)
    return tf.nn.relu(1 - tf.reduce_sum(taken, axis=0))


def _hat_area(x: tf.Tensor) -> tf.Tensor:
    """The integral up to x of the hat function 1 - |t|, t from -1 to 1."""
    x = tf.clip_by_value(x, -1.0, 1.0)
    return 0.5 + x - 0.5 * x * tf.abs(x)


def without_overlap(tries: tf.Tensor, eta: tf.Tensor, jet: tf.Tensor, sources: Sources) -> tf.Tensor:
    """The first of several azimuths at which no jet lies within another, else the last, [1, n].

    Args:
        tries: [t, n].
        eta: Of objects, [1, n].
        jet: 1 for jets, else 0, [1, n].
        sources: The objects before.
    """
    objects, before_last = sources.objects, tries.shape[0] - 1
    # What is left for the distance in phi; negative where an azimuth does not matter.
    left = sources.jet * jet * NEAR - tf.square(eta - objects.eta)
    turn = tf.abs(tf.expand_dims(tries[:before_last], 1) - objects.phi)
    near = tf.cast(tf.square(tf.minimum(turn, _TURN - turn)) < left, tf.float32)
    *others, chosen = tf.split(tries, before_last + 1)
    taken = tf.split(tf.reduce_max(near, axis=1), before_last)
    for one, its_taken in zip(reversed(others), reversed(taken), strict=True):
        chosen = one + its_taken * (chosen - one)
    return chosen
