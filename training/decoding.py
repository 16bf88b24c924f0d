"""From the numbers of a network to physical quantities, as a graph of TensorFlow."""

from typing import Final

import numpy as np
import tensorflow as tf

from training.transform import AZIMUTHS, LOGARITHMIC, Standardisation

_BEAM_ENERGY: Final = 6500.0


def physical_columns(
    scales: Standardisation, values: tf.Tensor, *, bounded: bool = False
) -> dict[str, tf.Tensor]:
    """Features in GeV and radians by name, each [...], from scaled ones [..., features].

    Args:
        scales: What scaled them.
        values: What a network gives.
        bounded: Whether energies and momenta end at that of a beam, 6.5 TeV, which also keeps them finite.
    """
    columns = tf.unstack(values, num=len(scales.features), axis=-1)
    return {
        name: _physical(name, column * scale + mean, bounded=bounded)
        for name, column, mean, scale in zip(scales.features, columns, scales.mean, scales.scale, strict=True)
    }


def _physical(name: str, value: tf.Tensor, *, bounded: bool) -> tf.Tensor:
    if name in LOGARITHMIC:
        value = tf.minimum(value, np.float32(np.log10(_BEAM_ENERGY))) if bounded else value
        return tf.exp(value * np.float32(np.log(10)))
    if name in AZIMUTHS:
        turn = np.float32(2 * np.pi)
        return value - turn * tf.floor((value + np.float32(np.pi)) / turn)
    return value
