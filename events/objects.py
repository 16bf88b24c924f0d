"""The seven object types of the Dark Machines format and the cuts on them.

Source: arXiv:2105.14027, section 2; symbols as in its table of final-state objects.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class ObjectType(IntEnum):
    """A reconstructed object. The values index every per-type table, such as an event's mask."""

    JET = 0
    B_JET = 1
    ELECTRON = 2
    POSITRON = 3
    MUON = 4
    ANTIMUON = 5
    PHOTON = 6

    @property
    def symbol(self) -> str:
        """The symbol that Dark Machines files use, such as ``m-``."""
        return SYMBOLS[self]


SYMBOLS: Final = ("j", "b", "e-", "e+", "m-", "m+", "g")
"""Symbol of each object type, in the order of `ObjectType`."""

SYMBOL_ALIASES: Final = {"mu-": "m-", "mu+": "m+"}
"""Spellings that some third-party files use, and what they stand for."""

N_OBJECT_TYPES: Final = len(SYMBOLS)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A region in transverse momentum and pseudorapidity.

    Its bounds belong to it: the data's documentation writes ``pT > 20``, but a pT just above is 20000 MeV in
    the six digits of a file, and an event must not become invalid by being written and read.

    Attributes:
        pt_min: Lower bound of pT in GeV.
        abs_eta_max: Upper bound of ``|eta|``.
        crack: Open band of ``|eta|`` that does not count, or None.
    """

    pt_min: float
    abs_eta_max: float
    crack: tuple[float, float] | None = None


_JET_OBJECT = Acceptance(20.0, 2.8)
_LEPTON_OBJECT = Acceptance(15.0, 2.7)
_JET_EVENT = Acceptance(60.0, 2.8)
_ELECTRON_EVENT = Acceptance(25.0, 2.47, (1.37, 1.52))
_MUON_EVENT = Acceptance(25.0, 2.7)

OBJECT_CUTS: Final[tuple[Acceptance, ...]] = (
    _JET_OBJECT,
    _JET_OBJECT,
    _LEPTON_OBJECT,
    _LEPTON_OBJECT,
    _LEPTON_OBJECT,
    _LEPTON_OBJECT,
    Acceptance(20.0, 2.37),
)
"""What every object of a type must satisfy, in the order of `ObjectType`."""

EVENT_CRITERIA: Final[tuple[Acceptance, ...]] = (
    _JET_EVENT,
    _JET_EVENT,
    _ELECTRON_EVENT,
    _ELECTRON_EVENT,
    _MUON_EVENT,
    _MUON_EVENT,
    Acceptance(25.0, 2.37),
)
"""What at least one object of an event must satisfy, in the order of `ObjectType`."""
