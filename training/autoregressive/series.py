"""Fourier series on the knots of a density, and peaks as coefficients of their harmonics."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats
from training.autoregressive.coordinates import ETA_MAX

ETA_WAVE: Final = float(np.pi / 3)
"""Radians a unit of pseudorapidity in the series in eta: a period longer than the range."""

PEAK_WIDTHS: Final = (0.08, 0.2)
"""Standard deviations in radians of peaks where two momenta have a certain mass together."""


COS: Final = 0.0
SIN: Final = float(np.pi / 2)
"""How far `waves` lag behind cosines."""


def waves(angle: tf.Tensor, harmonics: int, lags: Sequence[float]) -> tf.Tensor:
    """Cosines of the multiples of an angle less a lag, for each lag in turn.

    Args:
        angle: A column, [1, n].
        harmonics: How many multiples.
        lags: `COS` for the cosines themselves, `SIN` for sines.

    Returns:
        [n, lags * harmonics].
    """
    numbers = np.tile(np.arange(1, harmonics + 1, dtype=np.float32), len(lags))
    # An outer product: the runtime broadcasts a column over rows slowly.
    angles = tf.matmul(angle, numbers[None], transpose_a=True)
    return tf.cos(angles + np.repeat(-np.array(lags, np.float32), harmonics) if any(lags) else angles)


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
    """Coefficients of the cosines of symmetric peaks at both angles with a cosine, [n, harmonics].

    Args:
        sizes: Of peaks of each width, columns [widths, n].
        cos: The cosine, a column [1, n]; none where it is not within -1 and 1.
        harmonics: How many.
    """
    within = tf.cast(tf.abs(cos) < 1, tf.float32)
    angle = tf.acos(tf.clip_by_value(cos, -0.999, 0.999))
    return tf.matmul(sizes * within, peaks(harmonics), transpose_a=True) * waves(angle, harmonics, (COS,))


def _at_knots(harmonics: int, edge: float, bins: int) -> tuple[Floats, Floats]:
    angles = np.outer(np.arange(1, harmonics + 1), np.linspace(-edge, edge, bins + 1))
    return np.asarray(np.cos(angles), np.float32), np.asarray(np.sin(angles), np.float32)
