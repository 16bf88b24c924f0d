"""The correlation heatmap of the thesis (Fig. 7.4), summed up batch by batch."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch
from events.objects import ObjectType
from training.evaluation.features import LEPTONS, leading_objects
from training.evaluation.judgement import Correlation, Figure
from training.evaluation.resampling import bootstrap_weights

Matrix: TypeAlias = npt.NDArray[np.float64]

_OBJECTS: Final = ("jet1", "jet2", "jet3", "jet4", "lepton1")

CORRELATED: Final = ("MET", *(f"{name}_{feature}" for name in _OBJECTS for feature in ("E", "pT")))
"""Names of the 11 variables, in the order of the thesis."""

_FEWEST: Final = 3


def correlated_variables(batch: EventBatch) -> Matrix:
    """The 11 variables in GeV, NaN where an event lacks the object, float64[n, 11]."""
    jets = leading_objects(batch, (ObjectType.JET,), 4)
    objects = np.hstack([jets, leading_objects(batch, LEPTONS, 1)])
    found = np.full((len(batch), len(CORRELATED)), np.nan)
    found[:, 0] = batch.met
    event, number = np.nonzero(objects >= 0)
    index = objects[event, number]
    found[event, 1 + 2 * number] = batch.E[index]
    found[event, 2 + 2 * number] = batch.pt[index]
    return found


class CorrelationSums:
    """Sums of v variables over any number of rows, from which all correlations follow.

    Each pair of variables is correlated over the rows that have both, as `pandas.DataFrame.corr` does, which
    the thesis used.
    """

    def __init__(self, variables: int) -> None:
        self._sums = np.zeros((4, variables, variables))
        self._origin: Matrix | None = None

    def add(self, values: Matrix, weights: Matrix | None = None) -> None:
        """Add rows, float64[n, v], NaN where a row lacks a variable; each counts once or by its weight."""
        present = np.isfinite(values)
        if self._origin is None:
            # Values near 0 keep the differences of large sums exact.
            self._origin = np.where(present, values, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
        x, has = np.where(present, values - self._origin, 0), present.astype(np.float64)
        counted = has if weights is None else has * weights[:, None]
        self._sums += np.stack([has.T @ counted, x.T @ counted, (x * x).T @ counted, (x * counted).T @ x])

    def matrix(self) -> Matrix:
        """Pearson's coefficients, float64[v, v]; NaN for fewer than three rows or a constant variable."""
        n, sums, squares, products = self._sums
        with np.errstate(divide="ignore", invalid="ignore"):
            covariance = products - sums * sums.T / n
            variance = squares - sums**2 / n
            correlation = covariance / np.sqrt(variance * variance.T)
        undefined = (n < _FEWEST) | (variance <= 0) | (variance.T <= 0)
        return np.where(undefined, np.nan, np.clip(correlation, -1, 1))


def correlate(
    truth: EventBatch, sample: EventBatch, rng: np.random.Generator
) -> tuple[Correlation, tuple[Figure, ...]]:
    """Both correlation matrices, and the largest and the mean square difference with bootstrap errors."""
    values = [correlated_variables(batch) for batch in (truth, sample)]
    weights = [bootstrap_weights(len(batch), rng) for batch in (truth, sample)]
    matrices = [
        [_matrix(rows, row.astype(np.float64)) for row in counts]
        for rows, counts in zip(values, weights, strict=True)
    ]
    found = np.array([_differences(a, b) for a, b in zip(*matrices, strict=True)])
    errors = found[1:].std(axis=0, ddof=1)
    labels = ("correlation_max", "Largest"), ("correlation_rms", "Root mean square")
    figures = tuple(
        Figure(name, f"{kind} difference of the correlation coefficients", value, error, ideal=0.0)
        for (name, kind), value, error in zip(labels, found[0].tolist(), errors.tolist(), strict=True)
    )
    return Correlation(CORRELATED, matrix_rows(matrices[0][0]), matrix_rows(matrices[1][0])), figures


def _matrix(values: Matrix, weights: Matrix) -> Matrix:
    sums = CorrelationSums(values.shape[1])
    sums.add(values, weights)
    return sums.matrix()


def _differences(first: Matrix, second: Matrix) -> tuple[float, float]:
    """The largest and the root mean square difference over the pairs that both have."""
    above = (first - second)[np.triu_indices(len(first), 1)]
    defined = above[np.isfinite(above)]
    if not len(defined):
        return 0.0, 0.0
    return float(np.abs(defined).max()), float(np.sqrt((defined**2).mean()))


def matrix_rows(matrix: Matrix) -> tuple[tuple[float | None, ...], ...]:
    """The rows of a matrix as plain data, to six digits; None for NaN."""
    return tuple(tuple(None if np.isnan(cell) else round(cell, 6) for cell in row) for row in matrix.tolist())
