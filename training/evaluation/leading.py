"""Leading objects side by side: one column a rank, so that pairs and triples are plain array arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import OBJECT_FLOATS, EventBatch
from events.kinematics import delta_r, momentum_x, momentum_y, momentum_z
from events.objects import ObjectType
from training.evaluation.features import leading_objects

Array: TypeAlias = npt.NDArray[np.float64]

JETS: Final = (ObjectType.JET, ObjectType.B_JET)


@dataclass(frozen=True, slots=True)
class Leading:
    """Objects of n events in columns, NaN where an event has none; float64[n, k], or [n] for one column.

    Attributes:
        E: Energies in GeV.
        pt: Transverse momenta in GeV.
        eta: Pseudorapidities.
        phi: Azimuths in radians.
    """

    E: Array
    pt: Array
    eta: Array
    phi: Array

    @classmethod
    def of(cls, batch: EventBatch, types: Sequence[ObjectType], n: int) -> Self:
        """The n objects of highest pT among some types, in that order."""
        index = leading_objects(batch, types, n)
        padded = {name: np.append(getattr(batch, name).astype(np.float64), np.nan) for name in OBJECT_FLOATS}
        # Index -1, an absent object, is the NaN at the end.
        return cls(**{name: values[index] for name, values in padded.items()})

    def __getitem__(self, columns: int | Sequence[int]) -> Self:
        """Some of the columns."""
        return type(self)(*(getattr(self, name)[:, columns] for name in OBJECT_FLOATS))

    @property
    def momenta(self) -> Array:
        """Four-momenta (E, px, py, pz) in GeV, float64[4, ...]."""
        return np.stack(
            [
                self.E,
                momentum_x(self.pt, self.phi),
                momentum_y(self.pt, self.phi),
                momentum_z(self.pt, self.eta),
            ]
        )


def invariant_mass(momenta: Array) -> Array:
    """The mass of four-momenta float64[4, ...] in GeV, 0 where E < p."""
    energy, *space = momenta
    squared = energy**2 - sum(part**2 for part in space)
    mass: Array = np.sqrt(np.maximum(squared, 0.0))
    return mass


def distance(first: Leading, second: Leading) -> Array:
    """Delta R of objects in the same places."""
    return np.asarray(delta_r(first.eta, first.phi, second.eta, second.phi), np.float64)
