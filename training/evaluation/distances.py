"""The thesis' distances between one-dimensional distributions (its eq. 6.1-6.5)."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy, wasserstein_distance

from events.batch import EventBatch
from training.evaluation.features import Particle, particles

_BINS: Final = 100
_EMPTY_BIN: Final = 1e-10
_MIN_COUNT: Final = 30

Array: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distances:
    """How far a sample is from truth; 0 is identical.

    Attributes:
        WD: Wasserstein distance of features scaled to [0, 1] by truth (eq. 6.1).
        JS: Jensen-Shannon distance, base 2, on 100 bins (eq. 6.2).
        KL: Kullback-Leibler divergence of the sample from truth, on 100 bins (eq. 6.4).
    """

    WD: float
    JS: float
    KL: float


def feature_distances(truth: Array, sample: Array) -> Distances:
    """The distances of one feature.

    Values are scaled by truth's range; what the sample has outside of it counts in the outermost bins.

    Raises:
        ValueError: If either has no values.
    """
    if not len(truth) or not len(sample):
        raise ValueError("a distance needs values on both sides")
    low, high = truth.min(), truth.max()
    width = (high - low) or 1.0
    scaled_truth, scaled_sample = (truth - low) / width, (sample - low) / width
    p, q = _histogram(scaled_truth), _histogram(scaled_sample)
    return Distances(
        WD=float(wasserstein_distance(scaled_truth, scaled_sample)),
        JS=float(jensenshannon(p, q, base=2)),
        KL=float(entropy(p, q)),
    )


def particle_distances(truth: Particle, sample: Particle) -> Distances:
    """The mean over a particle's features."""
    found = [feature_distances(truth.features[name], sample.features[name]) for name in truth.features]
    return _mean(found, [1.0] * len(found))


def distances(truth: EventBatch, sample: EventBatch) -> Distances:
    """The mean over all particles, weighted by how often they occur in truth (eq. 6.5).

    A particle that the sample lacks, or that truth has too few of to tell its range, does not enter.
    """
    ours, theirs = particles(sample), particles(truth)
    common = [name for name in theirs if theirs[name].count >= _MIN_COUNT and ours[name].count]
    return _mean(
        [particle_distances(theirs[name], ours[name]) for name in common],
        [theirs[name].count for name in common],
    )


def _histogram(scaled: Array) -> Array:
    counts, _ = np.histogram(np.clip(scaled, 0, 1), bins=_BINS, range=(0, 1))
    share: Array = np.maximum(counts / counts.sum(), _EMPTY_BIN)
    return share


def _mean(found: list[Distances], weights: list[float] | list[int]) -> Distances:
    columns = np.array([[each.WD, each.JS, each.KL] for each in found])
    return Distances(*np.average(columns, axis=0, weights=weights).tolist())
