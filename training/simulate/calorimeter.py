"""A calorimeter: energy deposits summed in towers, smeared, and cut at noise level."""

from dataclasses import dataclass, fields

import numpy as np

from training.simulate.arrays import Floats, Ints, summed
from training.simulate.response import CalorimeterResponse


@dataclass(frozen=True, slots=True)
class TowerGrid:
    """The towers of a calorimeter, numbered ring by ring from eta < 0 to eta > 0.

    Attributes:
        eta_edges: Edges of the rings, float64[k + 1].
        phi_cells: Number of towers of each ring, int64[k].
        first: Number of the first tower of each ring, int64[k].
    """

    eta_edges: Floats
    phi_cells: Ints
    first: Ints

    @property
    def n_towers(self) -> int:
        """Number of towers in all rings."""
        return int(self.phi_cells.sum())

    def tower_of(self, eta: Floats, phi: Floats) -> Ints:
        """The tower at each direction, -1 outside the calorimeter."""
        ring = np.searchsorted(self.eta_edges, eta, side="left") - 1
        inside = (ring >= 0) & (ring < len(self.phi_cells))
        ring = np.where(inside, ring, 0)
        cells = self.phi_cells[ring]
        column = np.floor((phi + np.pi) / (2 * np.pi) * cells).astype(np.int64)
        return np.where(inside, self.first[ring] + np.clip(column, 0, cells - 1), -1)

    def point_in(self, tower: Ints, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """A direction uniform within each tower: eta and phi."""
        ring = np.searchsorted(self.first, tower, side="right") - 1
        low, high = self.eta_edges[ring], self.eta_edges[ring + 1]
        eta = low + (high - low) * rng.random(len(tower))
        column = tower - self.first[ring] + rng.random(len(tower))
        return eta, column / self.phi_cells[ring] * 2 * np.pi - np.pi

    def eta_centre(self, tower: Ints) -> Floats:
        """Pseudorapidity of the middle of each tower."""
        ring = np.searchsorted(self.first, tower, side="right") - 1
        return (self.eta_edges[ring] + self.eta_edges[ring + 1]) / 2


def tower_grid(response: CalorimeterResponse) -> TowerGrid:
    """The grid that a calorimeter's edges and cell numbers describe, mirrored at eta = 0."""
    edges, cells = np.array(response.eta_edges), np.array(response.phi_cells)
    phi_cells = np.concatenate([cells[::-1], cells])
    first = np.concatenate([[0], np.cumsum(phi_cells)[:-1]])
    return TowerGrid(np.concatenate([-edges[:0:-1], edges]), phi_cells, first)


@dataclass(frozen=True, slots=True)
class Towers:
    """The t hit towers of n events, ordered by event. Massless, GeV and radians.

    Attributes:
        event: Index of the event, int64[t].
        energy: Measured energy, 0 where it was lost below the noise, float64[t].
        sigma: Its resolution, float64[t].
        eta: Pseudorapidity, float64[t].
        phi: Azimuth, float64[t].
    """

    event: Ints
    energy: Floats
    sigma: Floats
    eta: Floats
    phi: Floats

    def __len__(self) -> int:
        return len(self.event)

    @property
    def pt(self) -> Floats:
        """Transverse momentum."""
        return self.energy / np.cosh(self.eta)


def merge_towers(first: Towers, second: Towers) -> Towers:
    """The towers of two calorimeters, first all of the first; not ordered by event."""
    columns = ([getattr(towers, field.name) for towers in (first, second)] for field in fields(Towers))
    return Towers(*map(np.concatenate, columns))


@dataclass(frozen=True, slots=True)
class Readout:
    """What a calorimeter saw, and who hit what.

    Attributes:
        towers: The hit towers.
        tower_of_hit: Index into `towers` of each deposit handed in, -1 outside, int64[m].
    """

    towers: Towers
    tower_of_hit: Ints


def read_out(
    response: CalorimeterResponse,
    event: Ints,
    eta: Floats,
    phi: Floats,
    energy: Floats,
    rng: np.random.Generator,
) -> Readout:
    """Sum deposits in towers and measure them.

    Args:
        response: The calorimeter.
        event: Event of each deposit, int64[m], ascending.
        eta: Where it hits.
        phi: Where it hits.
        energy: Deposited energy in GeV; deposits of 0 hit no tower.
        rng: Source of the smearing and of the direction within the tower.
    """
    grid = tower_grid(response)
    tower = grid.tower_of(eta, phi)
    hit = (tower >= 0) & (energy > 0)
    cells, index = np.unique(event[hit] * grid.n_towers + tower[hit], return_inverse=True)
    tower_event, tower_id = np.divmod(cells, grid.n_towers)
    deposited = summed(index, energy[hit], len(cells))
    centre = grid.eta_centre(tower_id)
    measured = log_normal(deposited, response.sigma(deposited, centre), rng)
    sigma = response.sigma(measured, centre)
    lost = (measured < response.energy_min) | (measured < response.significance_min * sigma)
    tower_eta, tower_phi = grid.point_in(tower_id, rng)
    tower_of_hit = np.full(len(event), -1)
    tower_of_hit[hit] = index
    towers = Towers(tower_event, np.where(lost, 0.0, measured), sigma, tower_eta, tower_phi)
    return Readout(towers, tower_of_hit)


def log_normal(mean: Floats, sigma: Floats, rng: np.random.Generator) -> Floats:
    """Positive random numbers of the given means and standard deviations."""
    width = np.sqrt(np.log1p((sigma / mean) ** 2))
    smeared: Floats = np.exp(np.log(mean) - width**2 / 2 + width * rng.standard_normal(len(mean)))
    return smeared
