"""The correlation heatmap of the thesis (Fig. 7.4), summed up batch by batch."""

from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch
from events.objects import ObjectType
from training.evaluation.features import LEPTONS, leading_objects

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

    def add(self, values: Matrix) -> None:
        """Add rows, float64[n, v], NaN where a row lacks a variable."""
        present = np.isfinite(values)
        if self._origin is None:
            # Values near 0 keep the differences of large sums exact.
            self._origin = np.where(present, values, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
        x, has = np.where(present, values - self._origin, 0), present.astype(np.float64)
        self._sums += np.stack([has.T @ has, x.T @ has, (x * x).T @ has, x.T @ x])

    def matrix(self) -> Matrix:
        """Pearson's coefficients, float64[v, v]; NaN for fewer than three rows or a constant variable."""
        n, sums, squares, products = self._sums
        with np.errstate(divide="ignore", invalid="ignore"):
            covariance = products - sums * sums.T / n
            variance = squares - sums**2 / n
            correlation = covariance / np.sqrt(variance * variance.T)
        undefined = (n < _FEWEST) | (variance <= 0) | (variance.T <= 0)
        return np.where(undefined, np.nan, np.clip(correlation, -1, 1))
