"""Electrons, muons and photons: efficiency and isolation."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.simulate.pairs import cone_pairs
from training.simulate.particles import Floats, Ints
from training.simulate.response import Identification, Response

NO_TOWER = -1


@dataclass(frozen=True, slots=True)
class Candidates:
    """Anything with a transverse momentum and a direction, ordered by event. GeV and radians.

    Attributes:
        event: Index of the event, int64[c].
        pt: Transverse momentum, float64[c].
        eta: Pseudorapidity, float64[c].
        phi: Azimuth, float64[c].
        tower: The electromagnetic tower it sits in, `NO_TOWER` where that does not matter, int64[c].
    """

    event: Ints
    pt: Floats
    eta: Floats
    phi: Floats
    tower: Ints

    def __getitem__(self, chosen: npt.NDArray[Any]) -> "Candidates":
        return Candidates(
            self.event[chosen], self.pt[chosen], self.eta[chosen], self.phi[chosen], self.tower[chosen]
        )


def ordered(parts: list[Candidates]) -> Candidates:
    """All candidates of the parts, ordered by event."""
    whole = Candidates(
        np.concatenate([part.event for part in parts]),
        np.concatenate([part.pt for part in parts]),
        np.concatenate([part.eta for part in parts]),
        np.concatenate([part.phi for part in parts]),
        np.concatenate([part.tower for part in parts]),
    )
    return whole[np.argsort(whole.event, kind="stable")]


def identified(
    candidates: Candidates,
    surroundings: Candidates,
    identification: Identification,
    response: Response,
    rng: np.random.Generator,
) -> npt.NDArray[np.bool_]:
    """Which candidates are found and isolated, bool[c].

    Args:
        candidates: Lepton or photon candidates.
        surroundings: All energy-flow objects but leptons.
        identification: Efficiency and isolation of this kind of candidate.
        response: The detector, for the isolation cone.
        rng: Source of the efficiency's draws.
    """
    found = rng.random(len(candidates.pt)) < identification.efficiency(candidates.eta, candidates.pt)
    return found & (relative_isolation(candidates, surroundings, response) < identification.isolation_ratio)


def relative_isolation(candidates: Candidates, surroundings: Candidates, response: Response) -> Floats:
    """Scalar sum of the pT around each candidate over its own pT, without its own tower, float64[c]."""
    loud = surroundings[surroundings.pt > response.isolation_pt_min]
    i, k = cone_pairs(
        (candidates.event, candidates.eta, candidates.phi),
        (loud.event, loud.eta, loud.phi),
        response.isolation_cone,
    )
    own = (candidates.tower[i] == loud.tower[k]) & (loud.tower[k] != NO_TOWER)
    return np.bincount(i[~own], loud.pt[k[~own]], len(candidates.pt)) / candidates.pt
