"""Distributions of the observables of two samples in the same bins."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from training.evaluation.judgement import Histogram
from training.evaluation.matrix import Matrix
from training.evaluation.observables import Observable

_BINS: Final = 40
_TAIL: Final = 5e-4


def histograms(truth: Mapping[str, Observable], sample: Mapping[str, Observable]) -> Iterator[Histogram]:
    """One histogram an observable that truth has, over all of truth but its outermost tails."""
    for name, one in truth.items():
        values = one.values[np.isfinite(one.values)]
        if len(values):
            yield histogram(one, bin_edges(one, values), sample[name].values)


def histogram(truth: Observable, edges: Matrix, sample: Matrix) -> Histogram:
    """Counts of both samples between edges, below the first and above the last."""
    return Histogram(
        name=truth.name,
        label=truth.label,
        unit=truth.unit,
        edges=tuple(edges.tolist()),
        truth=_counts(truth.values, edges),
        sample=_counts(sample, edges),
        log_x=truth.scale == "log",
    )


def bin_edges(one: Observable, values: Matrix) -> Matrix:
    """Even bins, or even ones of the logarithm, or one a whole number; edges with five digits."""
    if one.scale == "count":
        return np.arange(values.min(), values.max() + 2) - 0.5
    if one.scale == "log":
        positive = values[values > 0]
        ends = np.quantile(positive, [_TAIL, 1 - _TAIL]) if len(positive) else np.array([1.0, 10.0])
        edges = np.geomspace(ends[0], max(ends[1], 1.01 * ends[0]), _BINS + 1)
    else:
        low, high = np.quantile(values, [_TAIL, 1 - _TAIL])
        edges = np.linspace(low, high if high > low else low + 1, _BINS + 1)
    return np.array([float(f"{edge:.5g}") for edge in edges])


def _counts(values: Matrix, edges: Matrix) -> tuple[int, ...]:
    finite = values[np.isfinite(values)]
    place = np.searchsorted(edges, finite, side="right")
    return tuple(np.bincount(place, minlength=len(edges) + 1).tolist())
