"""No two jets lie within each other's radius: what azimuths are left."""

from typing import Final

import numpy as np
import tensorflow as tf

from training.autoregressive.objects import Sources
from training.spline_flow.coupling import wrap

NEAR: Final = 0.36
"""Delta-R^2 below which no two jets lie: the jets' R^2."""

TOO_NEAR: Final = 0.25
"""Delta-R^2 below which none are ever put."""

_TURN: Final = np.float32(2 * np.pi)
_TURNS: Final = np.array([1.0, 0.5, -0.5], np.float32)
"""By how many pi an azimuth is turned where no other is free."""

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
    turn = tf.abs(np.linspace(-np.pi, np.pi, bins + 1, dtype=np.float32) - objects.phi[0, ..., None])
    turn = tf.minimum(turn, _TURN - turn)
    taken = _hat_area((half - turn) / step) - _hat_area((-half - turn) / step)
    return tf.nn.relu(1 - tf.reduce_sum(taken, axis=0))


def _hat_area(x: tf.Tensor) -> tf.Tensor:
    """The integral up to x of the hat function 1 - |t|, t from -1 to 1."""
    x = tf.clip_by_value(x, -1.0, 1.0)
    return 0.5 + x - 0.5 * x * tf.abs(x)


def without_overlap(tries: tf.Tensor, eta: tf.Tensor, jet: tf.Tensor, sources: Sources) -> tf.Tensor:
    """The first of several azimuths at which no jet lies within another, [1, n].

    Where there is none the last one will do if it is not too near. Else it is turned, by a half or a quarter,
    to where no jet lies.

    Args:
        tries: [t, n].
        eta: Of objects, [1, n].
        jet: 1 for jets, else 0, [1, n].
        sources: The objects before.
    """
    turned = wrap(tries[-1:] + np.float32(np.pi) * _TURNS[:, None])
    tries = tf.concat([tries, turned], axis=0)
    objects, n_drawn, number = sources.objects, tries.shape[0] - len(_TURNS), tries.shape[0]
    # Of others than jets, far.
    squared = tf.square(eta - objects.eta) + _FAR * (1 - sources.jet * jet)
    turn = tf.abs(tf.expand_dims(tries, 1) - objects.phi)
    nearest = tf.reduce_min(tf.square(tf.minimum(turn, _TURN - turn)) + squared, axis=1)
    enough = np.where(np.arange(number) == n_drawn - 1, TOO_NEAR, NEAR).astype(np.float32)
    *others, chosen = tf.split(tries, number)
    free = tf.split(tf.cast(nearest >= enough[:, None], tf.float32), number)
    for one, its_free in zip(reversed(others), reversed(free[:-1]), strict=True):
        chosen += its_free * (one - chosen)
    return chosen
