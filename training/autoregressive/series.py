"""Fourier series on the knots of a density, and peaks as coefficients of their harmonics."""

from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats
from training.autoregressive.coordinates import ETA_MAX

ETA_WAVE: Final = float(np.pi / 3)
"""Radians a unit of pseudorapidity in the series in eta: a period longer than the range."""

PEAK_WIDTHS: Final = (0.08, 0.2)
"""Standard deviations in radians of peaks where two momenta have a certain mass together."""


def waves(angle: tf.Tensor, harmonics: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Cosines and sines of the multiples of an angle, [..., harmonics] each."""
    angles = tf.expand_dims(angle, -1) * np.arange(1, harmonics + 1, dtype=np.float32)
    return tf.cos(angles), tf.sin(angles)


def phi_basis(harmonics: int, bins: int) -> Floats:
    """Cosines, then sines, of the harmonics at the knots from -pi to pi, [2 harmonics, bins + 1]."""
    return np.concatenate(_at_knots(harmonics, np.pi, bins))


def eta_basis(harmonics: int, bins: int) -> Floats:
    """What sums of products of coefficients and waves give at the knots of eta, [4 harmonics, bins + 1].

    With coefficients a of cosines, b of sines in the distance eta - eta', and the waves c, s of eta', rows
    are for a c, b s, a s and b c: the series is a (C c + S s) + b (S c - C s), where C, S are those of eta.
    """
    cos, sin = _at_knots(harmonics, ETA_WAVE * float(ETA_MAX.max()), bins)
    return np.concatenate([cos, -cos, sin, sin])


def peaks(harmonics: int) -> Floats:
    """Coefficients of the harmonics of Gaussian peaks at angle 0, [widths, harmonics]."""
    numbers = np.arange(1, harmonics + 1)
    return np.asarray(np.exp(-np.square(np.outer(PEAK_WIDTHS, numbers)) / 2), np.float32)


def peaks_at(sizes: tf.Tensor, cos: tf.Tensor, harmonics: int) -> tf.Tensor:
    """Coefficients of the cosines of symmetric peaks at both angles with a cosine, [..., harmonics].

    Args:
        sizes: Of peaks of each width, [..., widths].
        cos: The cosine, [...]; none where it is not within -1 and 1.
        harmonics: How many.
    """
    within = tf.cast(tf.abs(cos) < 1, tf.float32)
    angle = tf.acos(tf.clip_by_value(cos, -0.999, 0.999))
    return tf.matmul(sizes * tf.expand_dims(within, -1), peaks(harmonics)) * waves(angle, harmonics)[0]


def _at_knots(harmonics: int, edge: float, bins: int) -> tuple[Floats, Floats]:
    angles = np.outer(np.arange(1, harmonics + 1), np.linspace(-edge, edge, bins + 1))
    return np.asarray(np.cos(angles), np.float32), np.asarray(np.sin(angles), np.float32)
