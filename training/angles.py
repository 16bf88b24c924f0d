"""Azimuths in a graph."""

from typing import Final

import numpy as np
import tensorflow as tf

TURN: Final = np.float32(2 * np.pi)


def wrap(angle: tf.Tensor) -> tf.Tensor:
    """The same angle in [-pi, pi)."""
    return angle - TURN * tf.floor((angle + np.float32(np.pi)) / TURN)


def angle_between(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    """The angle between azimuths that lie within a turn of each other, in [0, pi]."""
    turn = tf.abs(one - other)
    return tf.minimum(turn, TURN - turn)
