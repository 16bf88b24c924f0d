"""Final-state particles and heavy quarks of a batch of generated events, as flat arrays."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training.simulate.arrays import Floats, Ints

ELECTRON: Final = 11
MUON: Final = 13
PHOTON: Final = 22
INVISIBLE: Final = (12, 14, 16, 1000022)
"""Neutrinos and the neutralino."""


@dataclass(frozen=True, slots=True)
class Particles:
    """m particles of n events, ordered by event. GeV and radians.

    Attributes:
        n_events: Number of events, n.
        event: Index of the event of each particle, int64[m], ascending.
        pdg_id: PDG Monte Carlo number, int64[m].
        charge: Electric charge in units of e, float64[m].
        px: Momentum components, float64[m].
        py: See `px`.
        pz: See `px`.
        E: Energy, float64[m].
    """

    n_events: int
    event: Ints
    pdg_id: Ints
    charge: Floats
    px: Floats
    py: Floats
    pz: Floats
    E: Floats

    def __len__(self) -> int:
        return len(self.event)

    @property
    def pt(self) -> Floats:
        """Transverse momentum."""
        return np.hypot(self.px, self.py)

    @property
    def eta(self) -> Floats:
        """Pseudorapidity; +-inf along the beam."""
        with np.errstate(divide="ignore"):
            return np.arcsinh(self.pz / self.pt)

    @property
    def phi(self) -> Floats:
        """Azimuth."""
        return np.arctan2(self.py, self.px)

    def __getitem__(self, chosen: npt.NDArray[Any]) -> "Particles":
        names = ("event", "pdg_id", "charge", "px", "py", "pz", "E")
        return Particles(self.n_events, **{name: getattr(self, name)[chosen] for name in names})


@dataclass(frozen=True, slots=True)
class GeneratedBatch:
    """What the generator hands to the detector.

    Attributes:
        final: All final-state particles.
        heavy_quarks: The b and c quarks of the whole event record, for the flavour of jets.
    """

    final: Particles
    heavy_quarks: Particles
