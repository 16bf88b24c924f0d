"""From the numbers of a network to physical quantities, as a graph of TensorFlow."""

from typing import Final

import numpy as np
import tensorflow as tf

from training.transform import AZIMUTHS, LOGARITHMIC

_BEAM_ENERGY: Final = 6500.0


def physical(name: str, value: tf.Tensor, *, bounded: bool = False) -> tf.Tensor:
    """A feature in GeV or radians from its logarithm or number, as TensorFlow computes it.

    Args:
        name: The feature.
        value: Unscaled network output of any shape.
        bounded: Whether energies and momenta end at that of a beam, 6.5 TeV, which also keeps them finite.
    """
    if name in LOGARITHMIC:
        value = tf.minimum(value, np.float32(np.log10(_BEAM_ENERGY))) if bounded else value
        return tf.exp(value * np.float32(np.log(10)))
    if name in AZIMUTHS:
        turn = np.float32(2 * np.pi)
        return value - turn * tf.floor((value + np.float32(np.pi)) / turn)
    return value
