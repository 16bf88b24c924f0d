"""Columns from lines of Dark Machines text, in machine code.

The functions that read something take the text and where to begin in it, and give where they ended, or `_BAD`
at anything that is not as it should be. `_BAD` is an index too, that of a newline before the first line,
where nothing can be read; so one thing after the other can be read, and the outcome be looked at once.

Importing this module loads numba, so import it where it is used.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import Floats, Ints
from events.compiled import compiled
from events.darkmachines_line import BLANKS
from events.objects import SYMBOL_ALIASES, SYMBOLS

Bytes: TypeAlias = npt.NDArray[np.uint8]
Doubles: TypeAlias = npt.NDArray[np.float64]

SHORTEST_OBJECT: Final = len(";j,0,0,0,0")

_U64: TypeAlias = np.uint64

_BAD: Final = _U64(0)

_MINUS, _POINT, _COMMA, _SEMICOLON, _NEWLINE, _ZERO = (np.uint8(ord(mark)) for mark in "-.,;\n0")
_SIGNS, _LETTERS_E, _BLANKS = (tuple(np.uint8(ord(mark)) for mark in marks) for marks in ("+-", "eE", BLANKS))

_LARGEST_INTEGER: Final = _U64(np.iinfo(np.int64).max)
_MOST_DIGITS: Final = _U64(len(str(_LARGEST_INTEGER)))

_EXACT_INTEGER: Final = _U64(2**53)
_EXACT_POWERS: Final = np.array([10.0**power for power in range(23)])
"""Powers of ten that are doubles: an integer up to 2^53, times or over one of them, is rounded once."""

_SPELLINGS: Final = dict(zip(SYMBOLS, SYMBOLS, strict=True)) | SYMBOL_ALIASES
_LONGEST_SYMBOL: Final = _U64(max(map(len, _SPELLINGS)))
_CODES: Final = np.array([int.from_bytes(spelling.encode(), "big") for spelling in _SPELLINGS], _U64)
_TYPES: Final = np.array([SYMBOLS.index(symbol) for symbol in _SPELLINGS.values()], np.int8)


class Columns(NamedTuple):
    """Where to write n events with m objects to, in arrays that may be longer.

    Attributes:
        event_id: int64[n].
        process_index: Which of the names each event has, int32[n].
        names: Where each process ID begins and ends in the text, in the order they first occur, int64[n, 2].
        offsets: Where each event's objects begin and end, int32[n + 1].
        type: `ObjectType` of each object, int8[m].
        numbers: Weight, MET and its azimuth of each event, E, pT, eta and phi of each object,
            float32[7, n or m]; NaN for a number that takes more than a double to read.
        hard: Row and column of each such number, and where it begins in the text, int64[3 n + 4 m, 3].
    """

    event_id: Ints
    process_index: npt.NDArray[np.int32]
    names: Ints
    offsets: npt.NDArray[np.int32]
    type: npt.NDArray[np.int8]
    numbers: Floats
    hard: Ints


@compiled
def read_lines(text: Bytes, columns: Columns, units: Doubles) -> tuple[int, int, int]:
    """Reads events, one a line.

    Args:
        text: A newline, then as many lines as `columns` has events.
        columns: Where to write to, with room for an object every `SHORTEST_OBJECT` characters, and one more.
        units: What to divide each row of the numbers by, float64[7].

    Returns:
        The number of objects, of different process IDs and of hard numbers, or negative ones if a line is
        not an event.
    """
    event_ids, process_index, names, offsets, types, numbers, hard = columns
    n, at, thing, n_names, n_hard = len(event_ids), _U64(1), 0, 0, 0
    for event in range(n):
        offsets[event] = thing
        at = _integer(text, _behind_blanks(text, at), event_ids, event)
        at, process_index[event] = _name(text, _expected(text, at, _SEMICOLON), names, n_names)
        n_names = max(n_names, process_index[event] + 1)
        for row in range(3):
            begin = _expected(text, at, _SEMICOLON)
            at, value = _number(text, begin)
            numbers[row, event] = value / units[row]
            if np.isnan(value):
                hard[n_hard, 0], hard[n_hard, 1], hard[n_hard, 2] = row, event, begin
                n_hard += 1
        at = _behind_blanks(text, at)
        while text[at] == _SEMICOLON:
            at = _behind_blanks(text, at + _U64(1))
            if text[at] == _NEWLINE:
                break
            at = _symbol(text, at, types, thing)
            for row in range(3, 7):
                begin = _expected(text, at, _COMMA)
                at, value = _number(text, begin)
                numbers[row, thing] = value / units[row]
                if np.isnan(value):
                    hard[n_hard, 0], hard[n_hard, 1], hard[n_hard, 2] = row, thing, begin
                    n_hard += 1
            at = _behind_blanks(text, at)
            thing += 1
        if at == _BAD or text[at] != _NEWLINE:
            return -1, -1, -1
        at += _U64(1)
    offsets[n] = thing
    return thing, n_names, n_hard


@compiled
def _behind_blanks(text: Bytes, at: _U64) -> _U64:
    while text[at] in _BLANKS:
        at += _U64(1)
    return at


@compiled
def _expected(text: Bytes, at: _U64, character: np.uint8) -> _U64:
    """Reads a separator and the blanks around it."""
    at = _behind_blanks(text, at)
    return _behind_blanks(text, at + _U64(1)) if text[at] == character else _BAD


@compiled
def _digits(text: Bytes, at: _U64, value: _U64) -> tuple[_U64, _U64]:
    """Reads any number of digits behind those of a value, which overflows at more than `_MOST_DIGITS`."""
    digit = np.uint8(text[at] - _ZERO)
    while digit <= np.uint8(9):
        value = value * _U64(10) + _U64(digit)
        at += _U64(1)
        digit = np.uint8(text[at] - _ZERO)
    return at, value


@compiled
def _integer(text: Bytes, at: _U64, out: Ints, index: int) -> _U64:
    """Reads a 64-bit integer."""
    negative = text[at] == _MINUS
    begin = at + _U64(text[at] in _SIGNS)
    end, magnitude = _digits(text, begin, _U64(0))
    if not _U64(0) < end - begin <= _MOST_DIGITS or magnitude > _LARGEST_INTEGER + _U64(negative):
        return _BAD
    out[index] = -np.int64(magnitude) if negative else np.int64(magnitude)
    return end


@compiled
def _number(text: Bytes, at: _U64) -> tuple[_U64, float]:
    """Reads a number; also gives it, or NaN where that takes more than a double."""
    negative = text[at] == _MINUS
    first = at + _U64(text[at] in _SIGNS)
    at, mantissa = _digits(text, first, _U64(0))
    n_digits, exponent = at - first, np.int64(0)
    if text[at] == _POINT:
        first = at + _U64(1)
        at, mantissa = _digits(text, first, mantissa)
        n_digits += at - first
        exponent = -np.int64(at - first)
    n_exponent_digits = _U64(1)
    if text[at] in _LETTERS_E:
        sign = text[at + _U64(1)]
        first = at + _U64(1) + _U64(sign in _SIGNS)
        at, power = _digits(text, first, _U64(0))
        n_exponent_digits = at - first
        exponent += -np.int64(power) if sign == _MINUS else np.int64(power)
    if n_digits == 0 or n_exponent_digits == 0:
        return _BAD, np.nan
    exact = n_digits <= _MOST_DIGITS and mantissa <= _EXACT_INTEGER and n_exponent_digits <= _U64(3)
    if not exact or abs(exponent) >= len(_EXACT_POWERS):
        return at, np.nan
    value = np.float64(mantissa)
    value = value * _EXACT_POWERS[exponent] if exponent >= 0 else value / _EXACT_POWERS[-exponent]
    return at, -value if negative else value


@compiled
def _symbol(text: Bytes, at: _U64, types: npt.NDArray[np.int8], index: int) -> _U64:
    """Reads the symbol of an object."""
    code, end = _U64(0), at + _LONGEST_SYMBOL
    while at < end and text[at] != _COMMA and text[at] != _NEWLINE and text[at] not in _BLANKS:
        code = code << _U64(8) | _U64(text[at])
        at += _U64(1)
    for known in range(len(_CODES)):
        if _CODES[known] == code:
            types[index] = _TYPES[known]
            return at
    return _BAD


@compiled
def _name(text: Bytes, at: _U64, names: Ints, n_names: int) -> tuple[_U64, int]:
    """Reads a process ID; also gives which of the names it is, perhaps the one behind those there are."""
    end = at
    while text[end] != _SEMICOLON and text[end] != _COMMA and text[end] != _NEWLINE:
        end += _U64(1)
    while end > at and text[end - _U64(1)] in _BLANKS:
        end -= _U64(1)
    if end == at:
        return _BAD, 0
    name = 0
    while name < n_names and not _same(text, _U64(names[name, 0]), _U64(names[name, 1]), at, end):
        name += 1
    names[name, 0], names[name, 1] = at, end
    return end, name


@compiled
def _same(text: Bytes, begin: _U64, end: _U64, other_begin: _U64, other_end: _U64) -> bool:
    """Whether two parts of the text have the same characters."""
    while begin < end and other_begin < other_end and text[begin] == text[other_begin]:
        begin += _U64(1)
        other_begin += _U64(1)
    return bool(begin == end and other_begin == other_end)
