"""Observables as the columns of a matrix, for what compares many at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from training.evaluation.observables import Observable

Matrix: TypeAlias = npt.NDArray[np.floating]

_LEAST: Final = 1e-3

VECTOR: Final = (
    *("n_jet", "n_b_jet", "n_electron", "n_positron", "n_muon", "n_antimuon", "n_photon"),
    *("met", "imbalance", "ht", "p_z", "closest_jets", "w_mass", "top_mass", "lepton_met_mt"),
    *("jet_1_pt", "jet_2_pt", "jet_3_pt", "jet_4_pt", "jet_1_eta", "jet_2_eta", "jet_3_eta", "jet_4_eta"),
    *("jet_1_m_over_pt", "jet_2_m_over_pt", "jet_3_m_over_pt", "jet_1_angle_to_met", "jet_2_angle_to_met"),
    *(
        "jets_12_dr",
        "jets_13_dr",
        "jets_23_dr",
        "jets_12_mass",
        "b_jet_1_pt",
        "b_jets_12_dr",
        "lepton_jet_dr",
    ),
)
"""Names of the observables that stand for an event where events are points in space.

A choice of those that say most, as distances lose their meaning in too many dimensions.
"""


def columns(observables: Mapping[str, Observable], names: Sequence[str] | None = None) -> Matrix:
    """Observables side by side, all or those named, float64[n, k]; logarithms to base 10 where scaled so."""
    chosen = observables.values() if names is None else [observables[name] for name in names]
    return np.column_stack([_learnable(one) for one in chosen])


@dataclass(frozen=True, slots=True)
class Standardiser:
    """Takes off truth's mean and divides by its standard deviation; what an event lacks becomes 0.

    Attributes:
        mean: Means of truth's columns, float64[k].
        spread: Standard deviations, 1 where a column is constant.
    """

    mean: Matrix
    spread: Matrix

    @classmethod
    def of(cls, truth: Matrix) -> Self:
        """The means and standard deviations of the events that have each observable."""
        present = np.isfinite(truth)
        n = np.maximum(present.sum(axis=0), 1)
        mean = np.where(present, truth, 0).sum(axis=0) / n
        spread = np.sqrt((np.where(present, truth - mean, 0) ** 2).sum(axis=0) / n)
        return cls(mean, np.where(spread > 0, spread, 1.0))

    def __call__(self, matrix: Matrix) -> Matrix:
        """The matrix in standard deviations of truth, without NaN."""
        return np.nan_to_num((matrix - self.mean) / self.spread, nan=0.0)


def _learnable(one: Observable) -> Matrix:
    return np.log10(np.maximum(one.values, _LEAST)) if one.scale == "log" else one.values
