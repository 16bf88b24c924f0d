"""What the nearest neighbours of events tell: fidelity, diversity and memorisation.

Precision and recall: Kynkaanniemi et al., arXiv:1904.06991. Density and coverage: Naeem et al.,
arXiv:2002.09797.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from sklearn.metrics import euclidean_distances
from sklearn.neighbors import NearestNeighbors

from events.batch import Bools, Ints
from training.evaluation.judgement import Figure
from training.evaluation.matrix import Matrix
from training.evaluation.resampling import RESAMPLES, Batches, mean_and_error

_K: Final = 5
_NEAR: Final = 0.01
_LABELS: Final = {
    "precision": "Generated events that lie among true ones (precision, k = 5)",
    "recall": "True events that lie among generated ones (recall, k = 5)",
    "density": "True neighbourhoods around a generated event over k (density, k = 5)",
    "coverage": "True events with a generated one in their neighbourhood (coverage, k = 5)",
}


def neighbour_figures(
    truth: Matrix, sample: Matrix, batches: Batches, rng: np.random.Generator
) -> Iterator[Figure]:
    """Precision, recall, density and coverage: means over disjoint batches, whose spread gives the errors."""
    found = np.array([manifold_overlap(x, y) for x, y in batches.pairs(truth, sample, rng)])
    for (name, label), column in zip(_LABELS.items(), found.T, strict=True):
        yield Figure(name, label, *mean_and_error(column), ideal=1.0)


def manifold_overlap(truth: Matrix, sample: Matrix) -> tuple[float, float, float, float]:
    """Precision, recall, density and coverage of points float64[n, d].

    The neighbourhood of a point reaches to the fifth nearest of its own sample.
    """
    truth_radius, sample_radius = (_radius(points) for points in (truth, sample))
    between = euclidean_distances(truth, sample)
    near_truth = between < truth_radius[:, None]
    precision = near_truth.any(axis=0).mean()
    recall = (between < sample_radius).any(axis=1).mean()
    density = near_truth.sum() / (_K * len(sample))
    coverage = near_truth.any(axis=1).mean()
    return float(precision), float(recall), float(density), float(coverage)


def memorisation_figures(
    sample: Matrix, held_out: Matrix, training: Matrix, events: int, rng: np.random.Generator
) -> Iterator[Figure]:
    """Whether a sample is nearer to the training events than events are that were not learnt from.

    Half of the held-out events tell how near is usual; the other half, in the sample's place, are the floor.

    Args:
        sample: Generated events as points float64[n, d].
        held_out: True events that no training saw, float64[h, d].
        training: The events that the model learnt from, all of them, so that no copy escapes, float64[t, d].
        events: How many events of each kind to look at, at most.
        rng: Chooses them.
    """
    n = min(events, len(sample), len(held_out) // 2)
    usual, other = np.split(held_out[rng.permutation(len(held_out))[: 2 * n]], 2)
    search = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(training)
    ours, near, floor = (
        search.kneighbors(points)[0][:, 0]
        for points in (sample[rng.permutation(len(sample))[:n]], usual, other)
    )
    drawn = rng.integers(0, n, (RESAMPLES, n))
    ratio, ratio_floor = _ratio(ours, near, drawn), _ratio(floor, near, drawn)
    label = "Distance to the nearest training event over that of held-out truth (median)"
    yield Figure("NN_ratio", label, *ratio, *ratio_floor, ideal=1.0)
    threshold = np.quantile(near, _NEAR)
    copies, copies_floor = (_share(found < threshold) for found in (ours, floor))
    label = f"Events nearer to a training event than {1 - _NEAR:.0%} of held-out truth"
    # Fewer than usual are no copies either.
    yield Figure("NN_copies", label, *copies, *copies_floor, ideal=0.0)


def _radius(points: Matrix) -> Matrix:
    """The distance of each point to the fifth nearest other one."""
    among = euclidean_distances(points)
    radius: Matrix = np.partition(among, _K, axis=1)[:, _K]
    return radius


def _ratio(distances: Matrix, usual: Matrix, drawn: Ints) -> tuple[float, float]:
    """The ratio of the medians and its bootstrap error."""
    resampled = np.median(distances[drawn], axis=1) / np.median(usual[drawn[::-1]], axis=1)
    return float(np.median(distances) / np.median(usual)), float(resampled.std(ddof=1))


def _share(hits: Bools) -> tuple[float, float]:
    """A share, with the error of its own count and of the threshold, which as many events set."""
    value = float(hits.mean())
    return value, float(np.sqrt((value * (1 - value) + _NEAR * (1 - _NEAR)) / len(hits)))
