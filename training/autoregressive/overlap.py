"""No two jets lie within each other's radius: what azimuths are left."""

from typing import Final

import numpy as np
import tensorflow as tf

from training.angles import angle_between, wrap
from training.autoregressive.objects import Sources

NEAR: Final = 0.36
"""Delta-R^2 below which no two jets lie: the jets' R^2."""

TOO_NEAR: Final = 0.25
"""Delta-R^2 below which none are ever put."""

_TURNS: Final = np.array([[np.pi], [np.pi / 2], [-np.pi / 2]], np.float32)
"""By how much an azimuth is turned where no other is free."""

_FAR: Final = 100.0


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
    knots = np.linspace(-np.pi, np.pi, bins + 1, dtype=np.float32)
    turn = angle_between(knots, objects.phi[0, ..., None])
    taken = _hat_area((half - turn) / step) - _hat_area((-half - turn) / step)
    return tf.nn.relu(1 - tf.reduce_sum(taken, axis=0))


def _hat_area(x: tf.Tensor) -> tf.Tensor:
    """The integral up to x of the hat function 1 - |t|, t from -1 to 1."""
    x = tf.clip_by_value(x, -1.0, 1.0)
    return 0.5 + x - 0.5 * x * tf.abs(x)


def without_overlap(tries: tf.Tensor, eta: tf.Tensor, jet: tf.Tensor, sources: Sources) -> tf.Tensor:
    """The first of several azimuths at which no jet lies within another, [1, n].

    Where there is none the last one will do if it is not too near. Else it is turned, by a half or a quarter,
    to where no jet lies; nothing is left but the last quarter if there is no such place either.

    Args:
        tries: [t, n].
        eta: Of objects, [1, n].
        jet: 1 for jets, else 0, [1, n].
        sources: The objects before.
    """
    enough = [NEAR] * (tries.shape[0] - 1) + [TOO_NEAR] + [NEAR] * (len(_TURNS) - 1)
    tries = tf.concat([tries, wrap(tries[-1:] + _TURNS)], axis=0)
    # Of others than jets, far.
    squared = tf.square(eta - sources.objects.eta) + _FAR * (1 - sources.jet * jet)
    turn = angle_between(tf.expand_dims(tries[:-1], 1), sources.objects.phi)
    nearest = tf.reduce_min(tf.square(turn) + squared, axis=1)
    free = tf.cast(nearest >= np.array(enough, np.float32)[:, None], tf.float32)
    *others, chosen = tf.split(tries, len(enough) + 1)
    for one, its_free in zip(reversed(others), reversed(tf.split(free, len(enough))), strict=True):
        chosen += its_free * (one - chosen)
    return chosen
