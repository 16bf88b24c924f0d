"""The thesis' distances between one-dimensional distributions (its eq. 6.1-6.5), with bootstrap errors."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from events.batch import EventBatch, Ints
from training.evaluation.features import Particle, particles
from training.evaluation.judgement import FeatureDistances, Figure
from training.evaluation.resampling import Weights, bootstrap_weights
from training.evaluation.wasserstein import SortedPair

_BINS: Final = 100
_EMPTY_BIN: Final = 1e-10
_MIN_COUNT: Final = 30
_LABELS: Final = {
    "WD": "Wasserstein distance",
    "JS": "Jensen-Shannon distance",
    "KL": "Kullback-Leibler divergence",
}

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


@dataclass(frozen=True, slots=True)
class _ScaledFeature:
    """A feature of both samples, sorted and binned once for any number of resamples.

    Attributes:
        pair: The values scaled to truth's range.
        truth_bins: Bin of each value of truth, int64[t].
        sample_bins: Bin of each value of the sample; what lies outside truth's range is in the outermost.
    """

    pair: SortedPair
    truth_bins: Ints
    sample_bins: Ints

    @classmethod
    def of(cls, truth: Array, sample: Array) -> Self:
        low, high = truth.min(), truth.max()
        scaled = [(values - low) / ((high - low) or 1.0) for values in (truth, sample)]
        bins = [np.clip((values * _BINS).astype(np.int64), 0, _BINS - 1) for values in scaled]
        return cls(SortedPair.of(*scaled), *bins)

    def distances(self, truth_weights: Array, sample_weights: Array) -> tuple[float, float, float]:
        """WD, JS and KL if values count as often as their weights say."""
        p, q = _shares(self.truth_bins, truth_weights), _shares(self.sample_bins, sample_weights)
        wd = self.pair.distance(truth_weights, sample_weights)
        return wd, float(jensenshannon(p, q, base=2)), float(entropy(p, q))


def feature_distances(truth: Array, sample: Array) -> Distances:
    """The distances of one feature.

    Values are scaled by truth's range; what the sample has outside of it counts in the outermost bins.

    Raises:
        ValueError: If either has no values.
    """
    if not len(truth) or not len(sample):
        raise ValueError("a distance needs values on both sides")
    scaled = _ScaledFeature.of(truth, sample)
    return Distances(*scaled.distances(np.ones(len(truth)), np.ones(len(sample))))


def distances(truth: EventBatch, sample: EventBatch) -> Distances:
    """The mean over all particles, weighted by how often they occur in truth (eq. 6.5).

    A particle that either has too few of to tell its distribution does not enter.
    """
    once = [np.ones((1, len(batch)), np.uint8) for batch in (truth, sample)]
    return Distances(*_mean(_by_particle(truth, sample, *once))[0].tolist())


def distances_with_errors(
    truth: EventBatch, sample: EventBatch, rng: np.random.Generator
) -> tuple[tuple[FeatureDistances, ...], tuple[Figure, ...]]:
    """The distances of every feature, and their mean over all particles as in `distances`, with errors."""
    found = _by_particle(
        truth, sample, bootstrap_weights(len(truth), rng), bootstrap_weights(len(sample), rng)
    )
    features = tuple(
        FeatureDistances(f"{name}.{key}", count, *_figures(values))
        for name, (count, by_feature) in found.items()
        for key, values in by_feature.items()
    )
    return features, _figures(_mean(found))


_ByParticle: TypeAlias = dict[str, tuple[int, dict[str, Array]]]


def _by_particle(
    truth: EventBatch, sample: EventBatch, truth_weights: Weights, sample_weights: Weights
) -> _ByParticle:
    """How many of each particle truth has, and the distances of its features, float64[rows of weights, 3]."""
    theirs, ours = particles(truth), particles(sample)
    return {
        name: (one.count, dict(_resampled(one, ours[name], truth_weights, sample_weights)))
        for name, one in theirs.items()
        if min(one.count, ours[name].count) >= _MIN_COUNT
    }


def _resampled(
    truth: Particle, sample: Particle, truth_weights: Weights, sample_weights: Weights
) -> Iterator[tuple[str, Array]]:
    counted = [
        (row[truth.events].astype(np.float64), other[sample.events].astype(np.float64))
        for row, other in zip(truth_weights, sample_weights, strict=True)
    ]
    for key, values in truth.features.items():
        scaled = _ScaledFeature.of(values, sample.features[key])
        yield key, np.array([scaled.distances(*weights) for weights in counted])


def _mean(found: _ByParticle) -> Array:
    """The mean over features, then over particles by their counts, float64[rows, 3] (eq. 6.5).

    Raises:
        ValueError: If no particle occurs often enough.
    """
    if not found:
        raise ValueError(f"no object occurs {_MIN_COUNT} times on both sides: more events are needed")
    means = [np.mean(list(by_feature.values()), axis=0) for _, by_feature in found.values()]
    mean: Array = np.average(means, axis=0, weights=[count for count, _ in found.values()])
    return mean


def _figures(values: Array) -> tuple[Figure, Figure, Figure]:
    """The figures of distances float64[rows, 3]: the first row, and the spread of all others."""
    errors = values[1:].std(axis=0, ddof=1)
    wd, js, kl = (
        Figure(name, label, value, error, ideal=0.0)
        for (name, label), value, error in zip(
            _LABELS.items(), values[0].tolist(), errors.tolist(), strict=True
        )
    )
    return wd, js, kl


def _shares(bins: Ints, weights: Array) -> Array:
    counts = np.bincount(bins, weights, _BINS)
    share: Array = np.maximum(counts / counts.sum(), _EMPTY_BIN)
    return share
