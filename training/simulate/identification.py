"""Electrons, muons and photons: efficiency and isolation."""

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from training.simulate.arrays import Bools, Floats, Ints, cone_pairs, summed
from training.simulate.response import Identification, Response

NO_TOWER: Final = -1


@dataclass(frozen=True, slots=True)
class Candidates:
    """Anything with a transverse momentum and a direction, ordered by event. GeV and radians.

    Attributes:
        event: Index of the event, int64[c].
        pdg_id: PDG number, 0 where it does not matter, int64[c].
        pt: Transverse momentum, float64[c].
        eta: Pseudorapidity, float64[c].
        phi: Azimuth, float64[c].
        tower: The electromagnetic tower it sits in, `NO_TOWER` where that does not matter, int64[c].
    """

    event: Ints
    pdg_id: Ints
    pt: Floats
    eta: Floats
    phi: Floats
    tower: Ints

    def __len__(self) -> int:
        return len(self.event)

    def __getitem__(self, chosen: npt.NDArray[Any]) -> "Candidates":
        return Candidates(*(getattr(self, field.name)[chosen] for field in fields(self)))


def merge(parts: list[Candidates]) -> Candidates:
    """All candidates of the parts, ordered by event."""
    columns = ([getattr(part, field.name) for part in parts] for field in fields(Candidates))
    whole = Candidates(*map(np.concatenate, columns))
    return whole[np.argsort(whole.event, kind="stable")]


def identify(
    candidates: Candidates,
    surroundings: Candidates,
    identification: Identification,
    response: Response,
    rng: np.random.Generator,
) -> Candidates:
    """The candidates that are found and isolated.

    Args:
        candidates: Lepton or photon candidates.
        surroundings: All energy-flow objects but leptons.
        identification: Efficiency and isolation of this kind of candidate.
        response: The detector, for the isolation cone.
        rng: Source of the efficiency's draws.
    """
    # Few of many candidates are found: those first, because isolation compares all pairs of an event.
    found = candidates[rng.random(len(candidates)) < identification.efficiency(candidates.eta, candidates.pt)]
    return found[relative_isolation(found, surroundings, response) < identification.isolation_ratio]


def relative_isolation(candidates: Candidates, surroundings: Candidates, response: Response) -> Floats:
    """Scalar sum of the pT around each candidate over its own pT, without its own tower, float64[c]."""
    loud = surroundings[surroundings.pt > response.isolation_pt_min]
    i, k = cone_pairs(
        (candidates.event, candidates.eta, candidates.phi),
        (loud.event, loud.eta, loud.phi),
        response.isolation_cone,
    )
    own: Bools = (candidates.tower[i] == loud.tower[k]) & (loud.tower[k] != NO_TOWER)
    return summed(i[~own], loud.pt[k[~own]], len(candidates)) / candidates.pt
