"""Many lines of a Dark Machines file parsed at once.

Lines are five fields, and five more an object, so the fields of a block are the rows of a table: those that
open an event, ``event ID;process ID;weight;MET;METphi``, and those of an object, ``symbol,E,pt,eta,phi``.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from events.batch import Bools, EventBatch, Ints
from events.darkmachines_line import BLANKS, LARGEST
from events.objects import SYMBOL_ALIASES, SYMBOLS
from events.units import EnergyUnit, to_gev

Doubles: TypeAlias = npt.NDArray[np.float64]

_COLUMNS: Final = 5


class UncleanBlockError(Exception):
    """Not all lines are events in the form that can be parsed at once."""


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the fields of a block are.

    Attributes:
        text: The block.
        starts: Where each field begins, int64[rows, 5].
        ends: Where it ends.
        opens: Whether each row opens an event, bool[rows].
    """

    text: bytes
    starts: Ints
    ends: Ints
    opens: Bools


def parse_block(text: bytes, unit: EnergyUnit) -> EventBatch:
    """The events of whole lines without blanks around fields.

    Args:
        text: The lines.
        unit: Unit of energies and momenta in them.

    Raises:
        UncleanBlockError: If any line is not an event, or has a field with blanks around it.
    """
    try:
        return _parse(_table(text), unit)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise UncleanBlockError from error


def _parse(table: _Table, unit: EnergyUnit) -> EventBatch:
    events, objects = np.flatnonzero(table.opens), np.flatnonzero(~table.opens)
    strings = _strings(table)
    numbers = _numbers(strings, table.opens)
    _require_names(table, events)
    process = _column(strings, events, 1).dictionary_encode()
    return EventBatch(
        processes=tuple(process.dictionary.to_pylist()),
        process_index=process.indices.to_numpy(),
        event_id=_event_ids(table, strings, events),
        weight=_doubles(numbers, events, 2).astype(np.float32),
        met=to_gev(_doubles(numbers, events, 3), unit),
        met_phi=_doubles(numbers, events, 4).astype(np.float32),
        offsets=np.append(events - np.arange(len(events)), len(objects)).astype(np.int32),
        type=_types(table, objects),
        E=to_gev(_doubles(numbers, objects, 1), unit),
        pt=to_gev(_doubles(numbers, objects, 2), unit),
        eta=_doubles(numbers, objects, 3).astype(np.float32),
        phi=_doubles(numbers, objects, 4).astype(np.float32),
    )


def _table(text: bytes) -> _Table:
    _require(text.endswith(b"\n"))
    data = np.frombuffer(text, np.uint8)
    newline, semicolon = data == ord("\n"), data == ord(";")
    separator = newline | semicolon | (data == ord(","))
    # A semicolon before a newline and that newline are one separator.
    separator[1:] &= ~(semicolon[:-1] & newline[1:])
    separators = np.flatnonzero(separator)
    _require(len(separators) % _COLUMNS == 0)
    ends = separators.reshape(-1, _COLUMNS)
    closes = data[ends]
    doubled = newline[np.minimum(ends[:, -1] + 1, len(data) - 1)] & (closes[:, -1] == ord(";"))
    ends_line = doubled | (closes[:, -1] == ord("\n"))
    opens = np.append(True, ends_line[:-1])
    between = np.where(opens, np.uint8(ord(";")), np.uint8(ord(",")))
    _require((closes[:, :-1] == between[:, np.newaxis]).all() and (closes[:, -1] != ord(",")).all())
    starts = np.append(0, separators[:-1] + 1).reshape(-1, _COLUMNS)
    starts[1:, 0] += doubled[:-1]
    return _Table(text, starts, ends, opens)


def _require(condition: bool | np.bool_) -> None:
    if not condition:
        raise UncleanBlockError


def _strings(table: _Table) -> pa.StringArray:
    """All fields row by row, each followed by what stands between it and the next."""
    n = table.starts.size
    offsets = np.empty(2 * n + 1, np.int32)
    offsets[:-1:2] = table.starts.ravel()
    offsets[1::2] = table.ends.ravel()
    offsets[-1] = len(table.text)
    return pa.StringArray.from_buffers(2 * n, pa.py_buffer(offsets), pa.py_buffer(table.text))


def _column(strings: pa.StringArray, rows: Ints, column: int) -> pa.StringArray:
    return strings.take(pa.array(_position(rows, column)))


def _position(rows: Ints, column: int) -> Ints:
    """Where fields are in `_strings`."""
    return 2 * (_COLUMNS * rows + column)


def _numbers(strings: pa.StringArray, opens: Bools) -> Doubles:
    """The fields that are numbers, in the order of `_strings`; what is in place of others has no meaning."""
    is_number = np.zeros((len(opens), _COLUMNS, 2), np.bool_)
    is_number[:, 1:, 0] = True
    is_number[opens, 1, 0] = False
    valid = pa.py_buffer(np.packbits(is_number, bitorder="little"))
    _, offsets, text = strings.buffers()
    numbers = pa.StringArray.from_buffers(len(strings), offsets, text, valid).cast(pa.float64())
    return np.frombuffer(numbers.buffers()[1], np.float64, len(numbers))


def _doubles(numbers: Doubles, rows: Ints, column: int) -> Doubles:
    """One column of the numbers, all of them finite in single precision."""
    values: Doubles = numbers.take(_position(rows, column))
    _require((np.abs(values) <= LARGEST).all())
    return values


def _require_names(table: _Table, events: Ints) -> None:
    """Process IDs that are not empty and neither begin nor end with a blank or a newline."""
    starts, ends = table.starts[events, 1], table.ends[events, 1]
    first_and_last = np.frombuffer(table.text, np.uint8)[np.stack([starts, ends - 1])]
    blanks = list(f"{BLANKS}\n".encode())
    _require((ends > starts).all() and not np.isin(first_and_last, blanks).any())


def _event_ids(table: _Table, strings: pa.StringArray, events: Ints) -> Ints:
    # Arrow reads hexadecimal integers too.
    second_or_third = table.starts[events, :1] + np.array([1, 2])
    characters = np.frombuffer(table.text, np.uint8)[second_or_third]
    _require(not np.isin(characters, (ord("x"), ord("X"))).any())
    event_ids: Ints = _column(strings, events, 0).cast(pa.int64()).to_numpy()
    return event_ids


def _types(table: _Table, objects: Ints) -> npt.NDArray[np.int8]:
    """The type of each object, from its symbol of one to three characters."""
    data = np.frombuffer(table.text, np.uint8)
    starts, lengths = table.starts[objects, 0], (table.ends[:, 0] - table.starts[:, 0])[objects]
    codes = data[starts].astype(np.uint32)
    for index in (1, 2):
        longer = np.flatnonzero(lengths > index)
        codes[longer] |= data[starts[longer] + index].astype(np.uint32) << 8 * index
    known, types = _symbol_codes()
    index = np.searchsorted(known, codes).clip(max=len(known) - 1)
    _require((known[index] == codes).all() and (lengths <= 3).all())
    found: npt.NDArray[np.int8] = types[index]
    return found


@cache
def _symbol_codes() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int8]]:
    """The characters of each symbol as a number, ascending, and the type that it stands for."""
    types = {symbol: type_ for type_, symbol in enumerate(SYMBOLS)}
    types |= {alias: types[symbol] for alias, symbol in SYMBOL_ALIASES.items()}
    codes = sorted((int.from_bytes(symbol.encode(), "little"), type_) for symbol, type_ in types.items())
    known, found = zip(*codes, strict=True)
    return np.array(known, np.uint32), np.array(found, np.int8)
