"""Distances between samples of events as points in space: Frechet, kernel and sliced Wasserstein.

Frechet and kernel physics distance: Kansal et al., arXiv:2211.10295. There, coordinates are divided by their
largest absolute value in truth; ours are in standard deviations of truth, as the largest value of a heavy
tail is another one in every sample.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from training.evaluation.judgement import Figure
from training.evaluation.matrix import Matrix
from training.evaluation.resampling import Batches, bootstrap_weights, mean_and_error
from training.evaluation.wasserstein import SortedPair

_PARTS: Final = (1, 2, 3, 4, 5)
_BLOCKS: Final = 60
_GROUPS: Final = 20
_KERNEL_DEGREE: Final = 4
_KERNEL_ROWS: Final = 1000
_PROJECTIONS: Final = 50


def frechet_figure(truth: Matrix, sample: Matrix, rng: np.random.Generator) -> Figure:
    """The Frechet distance of Gaussians with the samples' means and covariances, for endless events.

    The distance of N events is too large by a term in 1/N, so the samples are cut into one to five parts and
    a straight line through the mean distances of the parts, against 1/N, is followed to 0. The error is that
    of a jackknife that leaves out a twentieth of the events.

    Args:
        truth: Points float64[n, d], in standard deviations of truth.
        sample: Points of the sample, float64[m, d].
        rng: Shuffles the events.
    """
    blocks = [_Moments.of_blocks(points[rng.permutation(len(points))]) for points in (truth, sample)]
    whole = _extrapolated(*blocks)
    members = np.arange(_BLOCKS) % _GROUPS
    left_out = [
        _extrapolated(*(one.take(np.flatnonzero(members != group)) for one in blocks))
        for group in range(_GROUPS)
    ]
    error = float(np.sqrt((_GROUPS - 1) * np.var(left_out)))
    return Figure("FPD", "Frechet physics distance, extrapolated to endless events", whole, error, ideal=0.0)


def kernel_figure(truth: Matrix, sample: Matrix, batches: Batches, rng: np.random.Generator) -> Figure:
    """The squared maximum mean discrepancy with the kernel (x.y / d + 1)^4, without bias.

    It is the mean over disjoint batches, whose spread gives the error.
    """
    found = np.array([kernel_discrepancy(x, y) for x, y in batches.pairs(truth, sample, rng)])
    return Figure("KPD", "Kernel physics distance", *mean_and_error(found), ideal=0.0)


def kernel_discrepancy(x: Matrix, y: Matrix) -> float:
    """The unbiased estimate of the squared discrepancy of points float64[n, d] and float64[m, d]."""
    n, m = len(x), len(y)
    own = [(_kernel_sum(a, a) - _kernel_diagonal(a).sum()) / (len(a) * (len(a) - 1)) for a in (x, y)]
    return float(sum(own) - 2 * _kernel_sum(x, y) / (n * m))


def sliced_wasserstein_figure(truth: Matrix, sample: Matrix, rng: np.random.Generator) -> Figure:
    """The Wasserstein distance along random directions, averaged (Rabin et al., 2012); bootstrap error."""
    directions = rng.standard_normal((truth.shape[1], _PROJECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    weights = [bootstrap_weights(len(points), rng).astype(np.float64) for points in (truth, sample)]
    found = np.zeros(len(weights[0]))
    for a, b in zip((truth @ directions).T, (sample @ directions).T, strict=True):
        pair = SortedPair.of(a, b)
        found += [pair.distance(first, second) for first, second in zip(*weights, strict=True)]
    found /= _PROJECTIONS
    error = float(found[1:].std(ddof=1))
    return Figure("SWD", "Sliced Wasserstein distance", float(found[0]), error, ideal=0.0)


@dataclass(frozen=True, slots=True)
class _Moments:
    """Sums over blocks of points, from which means and covariances of any blocks together follow.

    Attributes:
        n: Points of each block, float64[b].
        sums: Their sums, float64[b, d].
        products: Sums of their outer products, float64[b, d, d].
    """

    n: Matrix
    sums: Matrix
    products: Matrix

    @classmethod
    def of_blocks(cls, points: Matrix) -> Self:
        blocks = np.array_split(points, _BLOCKS)
        return cls(
            np.array([float(len(block)) for block in blocks]),
            np.stack([block.sum(axis=0) for block in blocks]),
            np.stack([block.T @ block for block in blocks]),
        )

    def take(self, blocks: npt.NDArray[np.int64]) -> Self:
        return type(self)(self.n[blocks], self.sums[blocks], self.products[blocks])

    def gaussian(self) -> tuple[float, Matrix, Matrix]:
        """Number of points, mean and covariance of all blocks together."""
        n = float(self.n.sum())
        mean = self.sums.sum(axis=0) / n
        return n, mean, (self.products.sum(axis=0) - n * np.outer(mean, mean)) / (n - 1)


def _extrapolated(truth: _Moments, sample: _Moments) -> float:
    inverse, found = zip(*(_at_size(truth, sample, parts) for parts in _PARTS), strict=True)
    _, intercept = np.polyfit(inverse, found, 1)
    return float(intercept)


def _at_size(truth: _Moments, sample: _Moments, parts: int) -> tuple[float, float]:
    """Mean of 1/N, and of the distance, over parts of the samples held against each other."""
    inverse, found = [], []
    for chosen in np.array_split(np.arange(len(truth.n)), parts):
        (n, *first), (m, *second) = (one.take(chosen).gaussian() for one in (truth, sample))
        inverse.append((1 / n + 1 / m) / 2)
        found.append(frechet_distance(*first, *second))
    return float(np.mean(inverse)), float(np.mean(found))


def frechet_distance(mean_1: Matrix, cov_1: Matrix, mean_2: Matrix, cov_2: Matrix) -> float:
    """The squared 2-Wasserstein distance of two Gaussians (Dowson and Landau, 1982)."""
    values, vectors = np.linalg.eigh(cov_1)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.linalg.eigvalsh(root @ cov_2 @ root)
    away = mean_1 - mean_2
    return float(away @ away + np.trace(cov_1 + cov_2) - 2 * np.sqrt(np.maximum(cross, 0)).sum())


def _kernel_sum(x: Matrix, y: Matrix) -> float:
    """The sum of the kernel over all pairs, in strips that stay small."""
    strips = (x[start : start + _KERNEL_ROWS] for start in range(0, len(x), _KERNEL_ROWS))
    return float(sum((((strip @ y.T) / x.shape[1] + 1) ** _KERNEL_DEGREE).sum() for strip in strips))


def _kernel_diagonal(x: Matrix) -> Matrix:
    diagonal: Matrix = ((x**2).sum(axis=1) / x.shape[1] + 1) ** _KERNEL_DEGREE
    return diagonal
