"""The unit of energies and momenta at the edges. Inside, it is the GeV; Dark Machines files hold MeV."""

from typing import Final, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from events.batch import Floats

EnergyUnit: TypeAlias = Literal["MeV", "GeV"]

ENERGY_UNITS: Final[tuple[EnergyUnit, ...]] = get_args(EnergyUnit)

ENERGIES: Final = ("met", "E", "pt")
"""Names of the columns of energies and momenta."""

_MEV_PER_GEV: Final = 1000.0


def per_gev(unit: EnergyUnit) -> np.float32:
    """How many of a unit make one GeV."""
    return np.float32(1 if unit == "GeV" else _MEV_PER_GEV)


def from_gev(values: Floats, unit: EnergyUnit) -> Floats:
    """Energies or momenta in a unit, rounded once; the array itself where that is the GeV.

    Raises:
        FloatingPointError: If a value in that unit is beyond single precision.
    """
    if unit == "GeV":
        return values
    with np.errstate(over="raise"):
        return values * per_gev(unit)


def to_gev(values: npt.NDArray[np.floating], unit: EnergyUnit) -> Floats:
    """Energies or momenta in GeV; the array itself where it holds that in single precision.

    Raises:
        FloatingPointError: If a value is beyond single precision.
    """
    with np.errstate(over="raise"):
        return (values if unit == "GeV" else values / _MEV_PER_GEV).astype(np.float32, copy=False)
