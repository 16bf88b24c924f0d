"""From objects in the canonical frame to events: MET, a random turn and random reflections."""

from collections.abc import Sequence

import tensorflow as tf

from training.angles import TURN, wrap
from training.autoregressive.objects import azimuth


def placed(
    types: tf.Tensor, columns: Sequence[tf.Tensor], residual: Sequence[tf.Tensor], uniform: tf.Tensor
) -> dict[str, tf.Tensor]:
    """Events with MET, reflected and turned at random.

    Args:
        types: int64[n, slots].
        columns: pT, eta, phi and m / pT, [n, slots] each; pT is 0 where there is no object.
        residual: MET and all objects together, along their sum and across, [n] each.
        uniform: [n, 3].
    """
    pt, eta, phi, mass = columns
    x, y = (tf.reduce_sum(pt * direction, axis=1) for direction in (tf.cos(phi), tf.sin(phi)))
    size = tf.maximum(tf.sqrt(x * x + y * y), 1e-6)
    x, y = (
        (residual[0] * x - residual[1] * y) / size - x,
        (residual[0] * y + residual[1] * x) / size - y,
    )
    along, across = (tf.where(uniform[:, i : i + 1] < 0.5, -1.0, 1.0) for i in (0, 1))
    turn = uniform[:, 2:] * TURN
    return {
        "type": types,
        "E": pt * tf.sqrt(tf.square(tf.cosh(eta)) + tf.square(mass)),
        "pt": pt,
        "eta": eta * along,
        "phi": wrap(phi * across + turn),
        "met": tf.sqrt(x * x + y * y),
        "met_phi": wrap(azimuth(x, y) * across[:, 0] + turn[:, 0]),
    }
