"""Event batches as Dark Machines text.

One event a line, ``event ID;process ID;weight;MET;METphi;obj,E,pt,eta,phi;...;``, with numbers as C++ streams
and ``%.6g`` write them. Source: arXiv:2105.14027, section 2.2.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch
from events.units import EnergyUnit, per_gev

_Scalar = TypeVar("_Scalar", bound=np.generic)


def encode_darkmachines(batch: EventBatch, unit: EnergyUnit = "MeV") -> bytes:
    """The lines of a batch, one an event, objects in the order they have in it.

    Args:
        batch: The events.
        unit: Unit of energies and momenta in the text.

    Raises:
        ValueError: If a value is not finite in that unit, or a process ID would not be one field of a line.
    """
    from events import darkmachines_writer_kernel as kernel  # noqa: PLC0415 - loads a compiler

    for process in batch.processes:
        _require_one_field(process)
    names = [f";{process};".encode() for process in batch.processes]
    longest = len(batch) * (kernel.LONGEST_LINE + max(map(len, names), default=0))
    longest += batch.n_objects * kernel.LONGEST_OBJECT + kernel.WORD
    out = np.empty(longest, np.uint8)
    written = kernel.write_lines(
        out,
        kernel.Columns(*(_read_only(getattr(batch, name)) for name in kernel.Columns._fields)),
        np.frombuffer(b"".join(names), np.uint8),
        np.cumsum([0, *map(len, names)]),
        per_gev(unit),
    )
    return out[:written].tobytes()


def _require_one_field(process: str) -> None:
    if not process or process != process.strip() or any(mark in process for mark in ";,\r\n\0"):
        raise ValueError(f"{process!r} cannot be a process ID in a Dark Machines file")


def _read_only(column: npt.NDArray[_Scalar]) -> npt.NDArray[_Scalar]:
    """A column in the one kind of memory that the kernel is compiled for."""
    view = np.require(column, requirements=("C", "A")).view()
    view.flags.writeable = False
    return view
