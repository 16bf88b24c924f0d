"""Event batches as Dark Machines text.

One event a line, ``event ID;process ID;weight;MET;METphi;obj,E,pt,eta,phi;...;``, with numbers as C++ streams
and ``%.6g`` write them. Source: arXiv:2105.14027, section 2.2.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from events.batch import EventBatch, Floats, Ints
from events.number_text import number_cells
from events.objects import SYMBOLS
from events.units import EnergyUnit, from_gev

_EVENTS_AT_ONCE: Final = 1024
"""Keeps the intermediate arrays in a core's cache."""


def encode_darkmachines(batch: EventBatch, unit: EnergyUnit = "MeV") -> bytes:
    """The lines of a batch, one an event, objects in the order they have in it.

    Args:
        batch: The events.
        unit: Unit of energies and momenta in the text.

    Raises:
        ValueError: If a value is not finite, or a process ID would not be one field of a line.
    """
    for process in batch.processes:
        _require_one_field(process)
    return b"".join(_blocks(batch, unit))


def _require_one_field(process: str) -> None:
    if not process or process != process.strip() or any(mark in process for mark in ";,\r\n\0"):
        raise ValueError(f"{process!r} cannot be a process ID in a Dark Machines file")


def _blocks(batch: EventBatch, unit: EnergyUnit) -> Iterator[bytes]:
    for start in range(0, len(batch), _EVENTS_AT_ONCE):
        yield _encode(batch.slice(start, start + _EVENTS_AT_ONCE), unit)


def _encode(batch: EventBatch, unit: EnergyUnit) -> bytes:
    numbers = _numbers_text(batch, unit)
    line_ends = np.flatnonzero(np.frombuffer(numbers, np.uint8) == ord("\n")) + 1
    offsets = np.concatenate(([0], line_ends)).astype(np.int32)
    lines = pc.binary_join_element_wise(
        pa.array(batch.event_id).cast(pa.string()),
        pa.array(batch.processes).take(pa.array(batch.process_index)),
        pa.StringArray.from_buffers(len(batch), pa.py_buffer(offsets), pa.py_buffer(numbers)),
        ";",
    )
    text: bytes = lines.buffers()[2].to_pybytes()
    return text


def _numbers_text(batch: EventBatch, unit: EnergyUnit) -> bytes:
    """The lines without event ID and process ID."""
    event = 3 * np.arange(len(batch)) + 4 * batch.offsets[:-1].astype(np.int64)
    obj = 4 * np.arange(batch.n_objects) + 3 * (batch.event_index + 1)
    cells = number_cells(_values(batch, event, obj, unit))
    cells.view("<u4")[:, 3] = _separators(batch, event, obj)
    return cells.tobytes().translate(None, b"\0")


def _values(batch: EventBatch, event: Ints, obj: Ints, unit: EnergyUnit) -> Floats:
    """All numbers in the order of the text, given where each event and each object begins in it."""
    values = np.empty(3 * len(batch) + 4 * batch.n_objects, np.float32)
    values[event] = batch.weight
    values[event + 1] = from_gev(batch.met, unit)
    values[event + 2] = batch.met_phi
    values[obj] = from_gev(batch.E, unit)
    values[obj + 1] = from_gev(batch.pt, unit)
    values[obj + 2] = batch.eta
    values[obj + 3] = batch.phi
    return values


def _separators(batch: EventBatch, event: Ints, obj: Ints) -> npt.NDArray[np.uint32]:
    """What stands behind each number: a separator, then the symbol of an object or the end of the line."""
    separators = np.full(3 * len(batch) + 4 * batch.n_objects, _characters(","), np.uint32)
    for last_of_field in (event, event + 1, event + 2, obj + 3):
        separators[last_of_field] = _characters(";")
    symbols = np.array([_characters(f";{symbol},") for symbol in SYMBOLS], np.uint32)
    separators[obj - 1] = symbols[batch.type]
    line_ends = np.append(event[1:], len(separators)) - 1
    separators[line_ends] = _characters(";\n")
    return separators


def _characters(text: str) -> int:
    return int.from_bytes(text.encode("ascii"), "little")
