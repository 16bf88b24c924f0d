"""Energy flow: what a calorimeter saw beyond the tracks that point into its towers.

Source: arXiv:1307.6346, section 3.1.3; the weighting of tracks and towers is that of Delphes 3.4 and later.
"""

from dataclasses import dataclass

import numpy as np

from training.simulate.arrays import Floats, Ints, summed
from training.simulate.calorimeter import Towers
from training.simulate.response import CalorimeterResponse


@dataclass(frozen=True, slots=True)
class Flow:
    """The split of towers into tracks and a neutral excess.

    Attributes:
        neutral_energy: Energy in GeV of each tower's significant neutral excess, else 0, float64[t].
        track_scale: Factor on the momenta of the tracks in each tower, which combines them with the
            calorimeter's measurement where there is no neutral excess, float64[t].
    """

    neutral_energy: Floats
    track_scale: Floats


def split_tower_energy(
    response: CalorimeterResponse,
    towers: Towers,
    tower_of_track: Ints,
    track_energy: Floats,
    track_resolution: Floats,
) -> Flow:
    """Compare the energy of each tower with that of its tracks.

    Args:
        response: The calorimeter.
        towers: Its towers.
        tower_of_track: Index of the tower that each track hits, -1 for none.
        track_energy: Energy in GeV of each track.
        track_resolution: Relative resolution of each track.
    """
    n = len(towers.energy)
    hit = tower_of_track >= 0
    index = tower_of_track[hit]
    charged = summed(index, track_energy[hit], n)
    track_variance = summed(index, (track_resolution * track_energy)[hit] ** 2, n)
    neutral = np.maximum(towers.energy - charged, 0.0)
    variance = track_variance + towers.sigma**2
    significant = (neutral > response.energy_min) & (neutral > response.significance_min * np.sqrt(variance))
    return Flow(
        neutral_energy=np.where(significant, neutral, 0.0),
        track_scale=np.where(significant, 1.0, _combined(towers, charged, track_variance)),
    )


def _combined(towers: Towers, charged: Floats, track_variance: Floats) -> Floats:
    """The weighted mean of both measurements over that of the tracks; 1 where one of them is missing."""
    both = (charged > 0) & (towers.energy > 0) & (track_variance > 0)
    charged = np.where(both, charged, 1.0)
    track_weight = 1 / np.where(both, track_variance, 1.0)
    tower_weight = 1 / np.where(both, towers.sigma**2, 1.0)
    mean = (track_weight * charged + tower_weight * towers.energy) / (track_weight + tower_weight)
    return np.where(both, mean / charged, 1.0)
