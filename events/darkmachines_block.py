"""Many lines of a Dark Machines file parsed at once."""

import re
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch, Ints
from events.darkmachines_line import LARGEST
from events.units import EnergyUnit, to_gev

Doubles: TypeAlias = npt.NDArray[np.float64]

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
        numbers=np.empty(3 * n + 4 * most_objects),
        begins=np.empty(3 * n + 4 * most_objects, np.int64),
    )
    text = b"\n" + text
    m, n_names = kernel.read_lines(np.frombuffer(text, np.uint8), columns)
    if m < 0:
        raise UncleanBlockError
    numbers = columns.numbers[: 3 * n + 4 * m]
    _read_the_others(text, numbers, columns.begins)
    if numbers.min(initial=0) < -LARGEST or numbers.max(initial=0) > LARGEST:
        raise UncleanBlockError
    weight, met, met_phi = numbers[: 3 * n].reshape(n, 3).T
    E, pt, eta, phi = numbers[3 * n :].reshape(m, 4).T
    return EventBatch(
        processes=_names(text, columns.names[:n_names]),
        process_index=columns.process_index,
        event_id=columns.event_id,
        weight=weight.astype(np.float32),
        met=to_gev(met, unit),
        met_phi=met_phi.astype(np.float32),
        offsets=columns.offsets,
        type=columns.type[:m],
        E=to_gev(E, unit),
        pt=to_gev(pt, unit),
        eta=eta.astype(np.float32),
        phi=phi.astype(np.float32),
    )


def _read_the_others(text: bytes, numbers: Doubles, begins: Ints) -> None:
    """Reads the numbers that are NaN, from where each begins. Events as they are have none."""
    for index in np.flatnonzero(np.isnan(numbers)).tolist():
        numbers[index] = float(next(_FIELD.finditer(text, begins[index]))[0])


def _names(text: bytes, bounds: Ints) -> tuple[str, ...]:
    try:
        return tuple(text[begin:end].decode() for begin, end in bounds.tolist())
    except UnicodeDecodeError as error:
        raise UncleanBlockError from error
