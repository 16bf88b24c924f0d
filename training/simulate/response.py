"""Every number of the detector response, in one place.

The values are those of the ATLAS card that Delphes 3 ships (arXiv:1307.6346), which the real Dark Machines
events turn out to have been made with; docs/simulation.md shows how that can be seen.
"""

from dataclasses import dataclass

import numpy as np

from training.simulate.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Steps:
    """A function of ``|eta|`` and a second variable that is constant on a grid of steps, and 0 beyond it.

    Attributes:
        abs_eta_max: Upper edges of the steps in ``|eta|``; 0 above the last.
        x_min: Lower edges of the steps in the second variable, pT in GeV; 0 below the first.
        values: Value at each step of ``|eta|`` (outer) and of the second variable (inner).
    """

    abs_eta_max: tuple[float, ...]
    x_min: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]

    def __call__(self, eta: Floats, x: Floats) -> Floats:
        """The value at each (eta, x)."""
        table = np.zeros((len(self.abs_eta_max) + 1, len(self.x_min) + 1))
        table[:-1, 1:] = self.values
        row = np.searchsorted(self.abs_eta_max, np.abs(eta), side="left")
        column = np.searchsorted(self.x_min, x, side="left")
        value: Floats = table[row, column]
        return value


@dataclass(frozen=True, slots=True)
class QuadratureTerm:
    """A relative resolution ``hypot(constant, slope * pT)`` in one range of ``|eta|``."""

    abs_eta_max: float
    constant: float
    slope: float


@dataclass(frozen=True, slots=True)
class TrackResponse:
    """Tracking of one kind of particle.

    Attributes:
        efficiency: Probability that a charged particle leaves a track.
        resolution: Relative pT resolution, by ascending ``abs_eta_max``.
    """

    efficiency: Steps
    resolution: tuple[QuadratureTerm, ...]

    def relative_resolution(self, pt: Floats, eta: Floats) -> Floats:
        """sigma(pT) / pT of each track, 0 beyond the last range of eta."""
        edges = [term.abs_eta_max for term in self.resolution]
        constant = np.array([term.constant for term in self.resolution] + [0.0])
        slope = np.array([term.slope for term in self.resolution] + [0.0])
        row = np.searchsorted(edges, np.abs(eta), side="left")
        resolution: Floats = np.hypot(constant[row], slope[row] * pt)
        return resolution


@dataclass(frozen=True, slots=True)
class EnergyResolution:
    """``sigma^2 = (constant E)^2 + (stochastic)^2 E + noise^2`` in one range of ``|eta|``, in GeV."""

    abs_eta_max: float
    constant: float
    stochastic: float
    noise: float


@dataclass(frozen=True, slots=True)
class CalorimeterResponse:
    """A calorimeter of towers.

    Attributes:
        eta_edges: Ascending edges of the rings of towers for eta >= 0; mirrored for eta < 0.
        phi_cells: Number of towers of each ring.
        resolution: Energy resolution, by ascending ``abs_eta_max``.
        energy_min: Towers below this energy in GeV are lost.
        significance_min: Towers below this many sigma are lost.
    """

    eta_edges: tuple[float, ...]
    phi_cells: tuple[int, ...]
    resolution: tuple[EnergyResolution, ...]
    energy_min: float
    significance_min: float = 2.0

    def sigma(self, energy: Floats, eta: Floats) -> Floats:
        """The energy resolution in GeV, 0 beyond the last range of eta."""
        edges = [term.abs_eta_max for term in self.resolution]
        rows = [(term.constant, term.stochastic, term.noise) for term in self.resolution]
        constant, stochastic, noise = np.array([*rows, (0.0, 0.0, 0.0)]).T
        row = np.searchsorted(edges, np.abs(eta), side="left")
        variance = (constant[row] * energy) ** 2 + stochastic[row] ** 2 * energy + noise[row] ** 2
        sigma: Floats = np.sqrt(variance)
        return sigma


@dataclass(frozen=True, slots=True)
class Identification:
    """How a lepton or photon candidate becomes an object.

    Attributes:
        efficiency: Identification efficiency, above the tracking efficiency where there is a track.
        isolation_ratio: Largest ratio of the pT around the candidate to its own.
    """

    efficiency: Steps
    isolation_ratio: float


@dataclass(frozen=True, slots=True)
class JetResponse:
    """Jets and their flavour.

    Attributes:
        radius: Radius parameter of anti-kT. The closest jets of the real files are 0.6 apart, not 0.4.
        pt_min: Least pT in GeV before the energy scale is applied.
        scale: Parameters (a, b) of the energy scale ``sqrt((a - b |eta|)^2 / pT + 1)``. The real files show
            its edge: no jet lies below ``scale(pt_min) * pt_min``.
        flavour_cone: A jet has the flavour of the heaviest quark within this distance.
        quark_pt_min: Least pT in GeV of a quark that gives a jet its flavour.
        quark_abs_eta_max: Largest ``|eta|`` of such a quark.
    """

    radius: float = 0.6
    pt_min: float = 20.0
    scale: tuple[float, float] = (3.0, 0.2)
    flavour_cone: float = 0.5
    quark_pt_min: float = 1.0
    quark_abs_eta_max: float = 2.5

    def energy_scale(self, pt: Floats, eta: Floats) -> Floats:
        """Factor on the four-momentum of each jet."""
        a, b = self.scale
        return np.sqrt((a - b * np.abs(eta)) ** 2 / pt + 1.0)

    def tag_efficiency(self, pt: Floats, flavour: Ints) -> Floats:
        """Probability of a b-tag for b-jets (5), c-jets (4) and others (ATL-PHYS-PUB-2015-022)."""
        b = 0.80 * np.tanh(0.003 * pt) * 30 / (1 + 0.086 * pt)
        c = 0.20 * np.tanh(0.02 * pt) / (1 + 0.0034 * pt)
        light = 0.002 + 7.3e-6 * pt
        return np.select([flavour == 5, flavour == 4], [b, c], light)


_ECAL_EDGES = (
    *np.round(np.arange(171) * 0.0174, 4).tolist(),
    3.125,
    *np.arange(3.3, 4.6, 0.175).tolist(),
    4.7,
    5.0,
)
_HCAL_EDGES = (
    *np.round(np.arange(27) * 0.1, 1).tolist(),
    2.8,
    3.0,
    3.2,
    3.5,
    3.7,
    3.9,
    4.1,
    4.3,
    4.5,
    4.7,
    4.9,
)


def _cells(edges: tuple[float, ...], fine_up_to: float, fine: int, coarse: int) -> tuple[int, ...]:
    return tuple(fine if upper <= fine_up_to else coarse for upper in edges[1:])


@dataclass(frozen=True, slots=True)
class Response:
    """The whole detector. Lengths in metres, fields in tesla, energies in GeV.

    Attributes:
        radius: Radius of the tracking volume.
        half_length: Its half length.
        magnetic_field: Solenoidal magnetic field.
    """

    radius: float = 1.15
    half_length: float = 3.51
    magnetic_field: float = 2.0
    hadron_tracks: TrackResponse = TrackResponse(
        Steps((1.5, 2.5), (0.1, 1.0), ((0.70, 0.95), (0.60, 0.85))),
        (
            QuadratureTerm(0.5, 0.06, 1.3e-3),
            QuadratureTerm(1.5, 0.10, 1.7e-3),
            QuadratureTerm(2.5, 0.25, 3.1e-3),
        ),
    )
    electron_tracks: TrackResponse = TrackResponse(
        Steps((1.5, 2.5), (0.1, 1.0, 100.0), ((0.73, 0.95, 0.99), (0.50, 0.83, 0.90))),
        (
            QuadratureTerm(0.5, 0.03, 1.3e-3),
            QuadratureTerm(1.5, 0.05, 1.7e-3),
            QuadratureTerm(2.5, 0.15, 3.1e-3),
        ),
    )
    muon_tracks: TrackResponse = TrackResponse(
        Steps((1.5, 2.5), (0.1, 1.0), ((0.75, 0.99), (0.70, 0.98))),
        (
            QuadratureTerm(0.5, 0.01, 1e-4),
            QuadratureTerm(1.5, 0.015, 1.5e-4),
            QuadratureTerm(2.5, 0.025, 3.5e-4),
        ),
    )
    ecal: CalorimeterResponse = CalorimeterResponse(
        _ECAL_EDGES,
        _cells(_ECAL_EDGES, 2.96, 360, 36),
        (EnergyResolution(3.2, 0.0017, 0.101, 0.0), EnergyResolution(4.9, 0.035, 0.285, 0.0)),
        energy_min=0.5,
    )
    hcal: CalorimeterResponse = CalorimeterResponse(
        _HCAL_EDGES,
        _cells(_HCAL_EDGES, 2.61, 36, 18),
        (
            EnergyResolution(1.7, 0.0302, 0.5205, 1.59),
            EnergyResolution(3.2, 0.0500, 0.706, 0.0),
            EnergyResolution(4.9, 0.0942, 1.00, 0.0),
        ),
        energy_min=1.0,
    )
    electrons: Identification = Identification(Steps((1.5, 2.5), (10.0,), ((0.95,), (0.85,))), 0.12)
    muons: Identification = Identification(Steps((1.5, 2.7), (10.0,), ((0.95,), (0.85,))), 0.25)
    photons: Identification = Identification(Steps((1.5, 2.5), (10.0,), ((0.95,), (0.85,))), 0.12)
    isolation_cone: float = 0.5
    isolation_pt_min: float = 0.5
    jets: JetResponse = JetResponse()
