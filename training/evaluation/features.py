"""The observables that the thesis compares: leading objects, MET and total energy (its section 6.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from events.batch import OBJECT_FLOATS, EventBatch, Ints
from events.objects import ObjectType

LEPTONS: Final = (ObjectType.ELECTRON, ObjectType.POSITRON, ObjectType.MUON, ObjectType.ANTIMUON)

LEADING_OBJECTS: Final[Mapping[str, tuple[tuple[ObjectType, ...], int]]] = {
    "jet_1": ((ObjectType.JET,), 0),
    "jet_2": ((ObjectType.JET,), 1),
    "jet_3": ((ObjectType.JET,), 2),
    "b_jet_1": ((ObjectType.B_JET,), 0),
    "lepton_1": (LEPTONS, 0),
    "lepton_2": (LEPTONS, 1),
    "photon_1": ((ObjectType.PHOTON,), 0),
}
"""Name of each leading object: the types it is chosen from and its rank in pT, from 0."""


@dataclass(frozen=True, slots=True)
class Particle:
    """One entry of the weighted mean of eq. 6.5: an object, or what every event has.

    Attributes:
        events: The events that have it, int64[count].
        features: Values by name, float64[count]; log10 of energies and momenta in GeV, radians.
    """

    events: Ints
    features: dict[str, npt.NDArray[np.float64]]

    @property
    def count(self) -> int:
        """How many of it there are."""
        return len(self.events)


def particles(batch: EventBatch) -> dict[str, Particle]:
    """All that the thesis compares, by name; an object that never occurs has count 0."""
    energies = np.bincount(batch.event_index, weights=batch.E, minlength=len(batch)).astype(np.float64)
    every = np.arange(len(batch))
    some = np.flatnonzero(energies > 0)
    found = {
        "met": Particle(every, {"met": _log10(batch.met), "met_phi": batch.met_phi.astype(np.float64)}),
        "total_energy": Particle(some, {"E": _log10(energies[some])}),
    }
    for name, (types, rank) in LEADING_OBJECTS.items():
        index = ranked_objects(batch, types, rank)
        columns = {feature: getattr(batch, feature)[index] for feature in OBJECT_FLOATS}
        found[name] = Particle(
            batch.event_index[index],
            {
                feature: _log10(values) if feature in {"E", "pt"} else values.astype(np.float64)
                for feature, values in columns.items()
            },
        )
    return found


def leading_objects(batch: EventBatch, types: Sequence[ObjectType], n: int) -> Ints:
    """Indices of the n objects of highest pT among some types, int64[events, n]; -1 where there are fewer."""
    candidates = np.flatnonzero(np.isin(batch.type, types))
    event = batch.event_index[candidates]
    order = np.lexsort((-batch.pt[candidates], event))
    candidates, event = candidates[order], event[order]
    rank = np.arange(len(event)) - np.searchsorted(event, event, side="left")
    found = np.full((len(batch), n), -1)
    chosen = rank < n
    found[event[chosen], rank[chosen]] = candidates[chosen]
    return found


def ranked_objects(batch: EventBatch, types: Sequence[ObjectType], rank: int) -> Ints:
    """Indices of the objects with a rank in pT (0 is the highest) among some types; at most one an event."""
    column = leading_objects(batch, types, rank + 1)[:, rank]
    return column[column >= 0]


def _log10(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    return np.log10(np.maximum(values.astype(np.float64), 1e-6))
