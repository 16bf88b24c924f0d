"""What the networks read: log10 of E, pT and MET, then zero mean and unit variance (thesis section 7.5.1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from events.batch import Floats

LOGARITHMIC: Final = frozenset({"E", "pt", "met"})
"""Features with a log-normal shape, of which the networks read log10."""

AZIMUTHS: Final = frozenset({"phi", "met_phi"})
"""Features on a circle, in [-pi, pi)."""

_TINY = np.float32(1e-6)


@dataclass(frozen=True, slots=True)
class Standardisation:
    """Scales features to zero mean and unit variance, and back. One number of each a feature.

    Attributes:
        features: Names of the features, in the order of the columns.
        mean: Means of the transformed features.
        scale: Standard deviations of the transformed features.
    """

    features: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]

    @classmethod
    def fit(cls, features: Sequence[str], batches: Iterable[Floats]) -> Self:
        """Learn mean and variance from batches float32[n, f] of physical values (GeV, radians).

        Raises:
            ValueError: If there are no rows.
        """
        count, mean, m2 = 0, np.zeros(len(features)), np.zeros(len(features))
        for batch in batches:
            values = _take_logarithms(batch, features).astype(np.float64)
            if not len(values):
                continue
            # Chan, Golub and LeVeque's pairwise update: stable over any number of rows.
            delta, total = values.mean(axis=0) - mean, count + len(values)
            m2 += values.var(axis=0) * len(values) + delta**2 * count * len(values) / total
            mean, count = mean + delta * len(values) / total, total
        if not count:
            raise ValueError("no rows to learn a mean and a variance from")
        scale = np.sqrt(m2 / count)
        scale[scale == 0] = 1.0
        return cls(tuple(features), tuple(mean.tolist()), tuple(scale.tolist()))

    def forward(self, values: Floats) -> Floats:
        """From physical values to network inputs, float32[n, f]."""
        mean, scale = np.array(self.mean, np.float32), np.array(self.scale, np.float32)
        return (_take_logarithms(values, self.features) - mean) / scale

    def inverse(self, inputs: Floats) -> Floats:
        """From network outputs to physical values, float32[n, f]; azimuths are wrapped to [-pi, pi)."""
        values = inputs * np.array(self.scale, np.float32) + np.array(self.mean, np.float32)
        for column, name in enumerate(self.features):
            if name in LOGARITHMIC:
                values[:, column] = 10 ** values[:, column]
            elif name in AZIMUTHS:
                values[:, column] = (values[:, column] + np.pi) % (2 * np.pi) - np.pi
        return values


def _take_logarithms(values: Floats, features: Sequence[str]) -> Floats:
    values = values.astype(np.float32)
    for column, name in enumerate(features):
        if name in LOGARITHMIC:
            values[:, column] = np.log10(np.maximum(values[:, column], _TINY))
    return values
