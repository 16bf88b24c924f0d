"""The known shapes that the thesis sees in its features (section 7.2), held against binned values."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from training.evaluation.describe.description import Shape, ShapeName

Floats: TypeAlias = npt.NDArray[np.float64]

_NOISE_QUANTILE: Final = 1.358
"""95 % quantile of Kolmogorov's distribution: of the largest cumulative difference times the root of n."""


def fitted_shape(name: ShapeName, edges: Floats, counts: Floats, mean: float, spread: float) -> Shape:
    """A shape with its parameters, and how far the counts are from it.

    Args:
        name: The log-normal takes its maximum-likelihood parameters, `mean` and `spread`; the uniform is that
            of a full turn and has none to fit.
        edges: Edges of the bins, of log10 of the values for the log-normal, float64[n + 1].
        counts: Counts below the first edge, of the bins, and above the last, float64[n + 2].
        mean: Mean of the values, or of their log10.
        spread: Standard deviation of the same.
    """
    entries = counts.sum()
    found = np.cumsum(counts)[:-1] / entries
    distance = np.abs(found - cumulative(name, edges, mean, spread)).max()
    return Shape(name, mean, spread, float(distance), float(_NOISE_QUANTILE / np.sqrt(entries)))


def cumulative(name: ShapeName, x: Floats, mean: float, spread: float) -> Floats:
    """The cumulative distribution at x: log10 of GeV for the log-normal, radians for the uniform."""
    if name == "log-normal":
        return np.asarray(ndtr((x - mean) / (spread or 1.0)), np.float64)
    return np.clip((x + np.pi) / (2 * np.pi), 0, 1)
