"""Many lines of a Dark Machines file parsed at once."""

import re
from typing import Final

import numpy as np

from events.batch import EVENT_FLOATS, OBJECT_FLOATS, EventBatch, Ints
from events.darkmachines_line import LARGEST
from events.units import ENERGIES, EnergyUnit, per_gev

_ROWS: Final = (*EVENT_FLOATS, *OBJECT_FLOATS)
_FIELD: Final = re.compile(rb"[^,;\n]*")


class UncleanBlockError(Exception):
    """Not all lines are events that can be parsed at once."""


def parse_block(text: bytes, unit: EnergyUnit) -> EventBatch:
    """The events of whole lines.

    Args:
        text: The lines.
        unit: Unit of energies and momenta in them.

    Raises:
        UncleanBlockError: If any line is not an event, or has an event ID of more than 19 digits.
    """
    from events import darkmachines_reader_kernel as kernel  # noqa: PLC0415 - loads a compiler

    if not text.endswith(b"\n"):
        raise UncleanBlockError
    n, most_objects = text.count(b"\n"), len(text) // kernel.SHORTEST_OBJECT + 1
    columns = kernel.Columns(
        event_id=np.empty(n, np.int64),
        process_index=np.empty(n, np.int32),
        names=np.empty((n, 2), np.int64),
        offsets=np.empty(n + 1, np.int32),
        type=np.empty(most_objects, np.int8),
        numbers=np.empty((len(_ROWS), max(n, most_objects)), np.float32),
        hard=np.empty((3 * n + 4 * most_objects, 3), np.int64),
    )
    units = np.array([per_gev(unit) if name in ENERGIES else 1 for name in _ROWS], np.float64)
    text = b"\n" + text
    m, n_names, n_hard = kernel.read_lines(np.frombuffer(text, np.uint8), columns, units)
    if m < 0:
        raise UncleanBlockError
    for row, column, begin in columns.hard[:n_hard].tolist():
        columns.numbers[row, column] = _hard_number(text, begin) / units[row]
    # Copies, as the arrays are several times as long as they had to be.
    rows = dict(zip(_ROWS, columns.numbers, strict=True))
    return EventBatch(
        processes=_names(text, columns.names[:n_names]),
        process_index=columns.process_index,
        event_id=columns.event_id,
        offsets=columns.offsets,
        type=columns.type[:m].copy(),
        **{name: rows[name][:n].copy() for name in EVENT_FLOATS},
        **{name: rows[name][:m].copy() for name in OBJECT_FLOATS},
    )


def _hard_number(text: bytes, begin: int) -> float:
    """A number of more digits, or farther from 1, than those that are in files of events."""
    number = float(next(_FIELD.finditer(text, begin))[0])
    if abs(number) > LARGEST:
        raise UncleanBlockError
    return number


def _names(text: bytes, bounds: Ints) -> tuple[str, ...]:
    try:
        return tuple(text[begin:end].decode() for begin, end in bounds.tolist())
    except UnicodeDecodeError as error:
        raise UncleanBlockError from error
