"""Spectra filled batch by batch, in memory that does not grow with the sample."""

from dataclasses import dataclass
from typing import Final, TypeAlias

import hist
import numpy as np
import numpy.typing as npt

from events.batch import Ints
from training.evaluation.describe.description import ShapeName, Spectrum
from training.evaluation.describe.shapes import fitted_shape
from training.transform import LOGARITHMIC

Array: TypeAlias = npt.NDArray[np.floating]
Floats: TypeAlias = npt.NDArray[np.float64]

_TINY: Final = 1e-6
_BINS_PER_DECADE: Final = 50
_DECADES: Final = (-2, 5)
_ANGLE_BINS: Final = 60
_ETA_BINS: Final = 200
_ETA_MAX: Final = 5.0


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature of events or objects.

    Attributes:
        name: Name of the column.
        label: Label of the axis without its unit.
        unit: Unit of the axis.
        shape: The known distribution to hold against it, if any.
    """

    name: str
    label: str
    unit: str
    shape: ShapeName | None

    @property
    def log_x(self) -> bool:
        """Whether it is log10 that is binned."""
        return self.name in LOGARITHMIC

    def axis(self) -> hist.axis.Regular:
        """Fine bins over what occurs at the LHC; the bins at the ends catch what lies beyond."""
        if self.log_x:
            low, high = _DECADES
            return hist.axis.Regular((high - low) * _BINS_PER_DECADE, low, high)
        if self.shape == "uniform":
            return hist.axis.Regular(_ANGLE_BINS, -np.pi, np.pi)
        return hist.axis.Regular(_ETA_BINS, -_ETA_MAX, _ETA_MAX)

    def transformed(self, values: Array) -> Floats:
        """What is binned: log10 of energies and momenta, azimuths in [-pi, pi)."""
        found: Floats = values.astype(np.float64)
        if self.log_x:
            found = np.log10(np.maximum(found, _TINY))
        elif self.shape == "uniform":
            found = (found + np.pi) % (2 * np.pi) - np.pi
        return found


EVENT_FEATURES: Final = (
    Feature("met", r"$E_T^{miss}$", "GeV", "log-normal"),
    Feature("met_phi", r"$\phi(E_T^{miss})$", "rad", "uniform"),
    Feature("E", "Total energy of objects", "GeV", "log-normal"),
)
"""What every event has (thesis, Fig. B.1)."""

OBJECT_FEATURES: Final = (
    Feature("E", "$E$", "GeV", "log-normal"),
    Feature("pt", "$p_T$", "GeV", "log-normal"),
    Feature("eta", r"$\eta$", "", None),
    Feature("phi", r"$\phi$", "rad", "uniform"),
)
"""What every object has (thesis, Figs. B.2 to B.8)."""


class SpectrumSums:
    """Fine histograms of one feature, with its mean and variance, one of each a category."""

    def __init__(self, feature: Feature, categories: int = 1) -> None:
        self._feature = feature
        category = hist.axis.Integer(0, categories, flow=False)
        self._counts = hist.Hist(category, feature.axis(), storage=hist.storage.Int64())
        self._moments = hist.Hist(category, storage=hist.storage.Mean())

    def add(self, values: Array, categories: npt.NDArray[np.integer] | int = 0) -> None:
        """Count values, float[m], each in its category; those that are not finite are left out."""
        if not (finite := np.isfinite(values)).all():
            values = values[finite]
            categories = categories[finite] if isinstance(categories, np.ndarray) else categories
        found = self._feature.transformed(values)
        self._counts.fill(categories, found)
        self._moments.fill(categories, sample=found)

    def spectrum(self, name: str, category: int = 0) -> Spectrum:
        """What was counted in a category, from the first bin with an entry to the last."""
        feature, moments = self._feature, self._moments[category]
        edges, counts = self._counts.axes[1].edges, self._counts.view(flow=True)[category]
        shape = None
        if feature.shape is not None and moments.count > 1:
            spread = float(np.sqrt(moments.variance))
            shape = fitted_shape(feature.shape, edges, counts, float(moments.value), spread)
        edges, counts = _without_empty_ends(edges, counts)
        return Spectrum(
            name=name,
            label=feature.label,
            unit=feature.unit,
            edges=tuple((10**edges if feature.log_x else edges).tolist()),
            counts=tuple(counts.tolist()),
            log_x=feature.log_x,
            shape=shape,
        )


def _without_empty_ends(edges: Floats, counts: Ints) -> tuple[Floats, Ints]:
    """The bins from the first with an entry to the last, at least one; the flow stays at both ends."""
    filled = np.flatnonzero(counts[1:-1])
    first, last = (int(filled[0]), int(filled[-1])) if len(filled) else (0, 0)
    kept = np.concatenate((counts[:1], counts[first + 1 : last + 2], counts[-1:]))
    return edges[first : last + 2], kept
