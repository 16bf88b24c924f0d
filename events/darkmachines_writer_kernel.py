"""Lines of Dark Machines text from columns, in machine code.

Numbers are written as C++ streams and ``%.6g`` write them: six significant digits, rounded half to even from
the exact value, without trailing zeros. Up to eight characters at a time are written as one little-endian
64-bit word, whose unused end the next ones overwrite.

Importing this module loads numba, so import it where it is used.
"""

from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import Floats, Ints
from events.compiled import compiled
from events.objects import SYMBOLS

Bytes: TypeAlias = npt.NDArray[np.uint8]

_LONGEST_NUMBER: Final = len("-1.17549e-38;")

LONGEST_LINE: Final = len(str(np.iinfo(np.int64).min)) + 3 * _LONGEST_NUMBER + len("\n")
"""The most characters of a line without its process ID and its objects."""

LONGEST_OBJECT: Final = max(len(f"{symbol},") for symbol in SYMBOLS) + 4 * _LONGEST_NUMBER
"""The most characters of an object."""

WORD: Final = 8
"""Bytes that may be written at a time, and so behind the last character."""

_U64: TypeAlias = np.uint64

_SMALLEST: Final = -45
_EXPONENTS: Final = range(_SMALLEST, 40)
"""Decimal exponents of float32 numbers, and that of the power of ten behind them."""

_TIE: Final = 3e-10
"""A remainder as near to one half as this is a tie.

Scaling a float32 to six digits errs by less than 2.3e-10, and no float32 that is not a tie comes nearer to
one than 5.8e-10: found by trying all of them.
"""


def _word(text: str) -> int:
    return int.from_bytes(text.encode("ascii"), "little")


def _words(texts: list[str]) -> npt.NDArray[np.uint64]:
    return np.array([_word(text) for text in texts], _U64)


def _lengths(texts: list[str]) -> npt.NDArray[np.uint64]:
    return np.array([len(text) for text in texts], _U64)


def _decimal_exponent(power: int) -> int:
    """The decimal exponent of 2^power."""
    return int(f"{2.0**power:e}".partition("e")[2])


# Index into the tables below of 2^k, at the biased exponent of a double; that of 0 is as that of 1.
_BIAS: Final = 1023
_INDEX: Final = np.array(
    [-_SMALLEST] * (_BIAS - 149) + [_decimal_exponent(power) - _SMALLEST for power in range(-149, 128)], _U64
)
_NEXT_POWER: Final = np.array([float(f"1e{exponent + 1}") for exponent in _EXPONENTS])
_TO_SIX_DIGITS: Final = np.array([float(f"1e{5 - exponent}") for exponent in _EXPONENTS])

# What stands before the digits and behind them, at least how many of them there are, and before which the
# point is.
_HEADS: Final = ["0." + "0" * (-exponent - 1) if -4 <= exponent < 0 else "" for exponent in _EXPONENTS]
_TAILS: Final = ["" if -4 <= exponent < 6 else f"e{exponent:+03}" for exponent in _EXPONENTS]
_HEAD, _HEAD_LENGTH = _words(_HEADS), _lengths(_HEADS)
_TAIL, _TAIL_LENGTH = _words(_TAILS), _lengths(_TAILS)
_LEAST: Final = np.array([exponent + 1 if 0 <= exponent < 6 else 1 for exponent in _EXPONENTS], _U64)
_POINT: Final = np.array([7 if head else least for head, least in zip(_HEADS, _LEAST, strict=True)], _U64)

_TRIPLES: Final = [f"{number:03}" for number in range(1000)]
_TRIPLE: Final = _words(_TRIPLES)
_SIGNIFICANT: Final = _lengths([triple.rstrip("0") for triple in _TRIPLES])

_SYMBOL: Final = _words([f"{symbol}," for symbol in SYMBOLS])
_SYMBOL_LENGTH: Final = _lengths([f"{symbol}," for symbol in SYMBOLS])

_MINUS, _ZERO, _DOT = (_U64(ord(character)) for character in "-0.")
_COMMA, _SEMICOLON, _NEWLINE = (_U64(ord(character)) for character in ",;\n")


class Columns(NamedTuple):
    """The columns of an `EventBatch`, under the same names."""

    event_id: Ints
    process_index: npt.NDArray[np.int32]
    weight: Floats
    met: Floats
    met_phi: Floats
    offsets: npt.NDArray[np.int32]
    type: npt.NDArray[np.int8]
    E: Floats
    pt: Floats
    eta: Floats
    phi: Floats


@compiled
def _put(out: Bytes, at: _U64, word: _U64, length: _U64) -> _U64:
    """Writes the first characters of a word; where the next one goes."""
    for byte in range(WORD):
        out[at + _U64(byte)] = word >> _U64(8 * byte)
    return at + length


@compiled
def _put_integer(out: Bytes, at: _U64, value: np.int64) -> _U64:
    """Writes an integer."""
    magnitude = _U64(value)
    if value < 0:
        out[at] = _MINUS
        at += _U64(1)
        magnitude = ~magnitude + _U64(1)
    length, rest = _U64(1), magnitude // _U64(10)
    while rest:
        length += _U64(1)
        rest //= _U64(10)
    end = at + length
    for back in range(length):
        out[end - _U64(back) - _U64(1)] = _ZERO + magnitude % _U64(10)
        magnitude //= _U64(10)
    return end


@compiled
def _put_number(out: Bytes, at: _U64, value: np.float32, separator: _U64) -> _U64:
    """Writes a number as ``%.6g`` does, and a separator."""
    if not np.isfinite(value):
        raise ValueError("a number that is not finite in single precision has no place in an event file")
    out[at] = _MINUS
    at += _U64(np.float32(value).view(np.uint32) >> np.uint32(31))
    magnitude = np.float64(abs(value))
    row = _INDEX[np.float64(magnitude).view(_U64) >> _U64(52)]
    row += _U64(magnitude >= _NEXT_POWER[row])
    scaled = magnitude * _TO_SIX_DIGITS[row]
    digits = _U64(scaled)
    rest = scaled - np.float64(digits)
    digits += _U64(rest > 0.5 + _TIE) | (_U64(rest > 0.5 - _TIE) & digits & _U64(1))
    if digits == _U64(1_000_000):
        digits = _U64(100_000)
        row += _U64(1)
    first = digits // _U64(1000)
    second = digits - _U64(1000) * first
    text = _TRIPLE[first] | _TRIPLE[second] << _U64(24)
    significant = _SIGNIFICANT[second] + _U64(3) if second else _SIGNIFICANT[first]
    length = max(significant, _LEAST[row])
    point = _U64(8) * _POINT[row]
    before = (_U64(1) << point) - _U64(1)
    text = text & before | _DOT << point | (text & ~before) << _U64(8)
    at = _put(out, at, _HEAD[row], _HEAD_LENGTH[row])
    at = _put(out, at, text, length + _U64(length > _POINT[row]))
    at = _put(out, at, _TAIL[row], _TAIL_LENGTH[row])
    return _put(out, at, separator, _U64(1))


@compiled
def write_lines(out: Bytes, columns: Columns, names: Bytes, name_offsets: Ints, per_gev: np.float32) -> int:
    """Writes events, one a line.

    Args:
        out: Where to write to, uint8 of at least `LONGEST_LINE` and the longest process ID an event,
            `LONGEST_OBJECT` an object, and `WORD`.
        columns: n events with m objects.
        names: The characters of all process IDs, each between semicolons.
        name_offsets: Where each begins and ends in them, with both semicolons.
        per_gev: What energies and momenta are multiplied with.

    Returns:
        How many characters were written.

    Raises:
        ValueError: If a number is not finite.
    """
    at = _U64(0)
    for event in range(len(columns.event_id)):
        at = _put_integer(out, at, columns.event_id[event])
        process = columns.process_index[event]
        for index in range(name_offsets[process], name_offsets[process + 1]):
            at = _put(out, at, _U64(names[index]), _U64(1))
        at = _put_number(out, at, columns.weight[event], _SEMICOLON)
        at = _put_number(out, at, columns.met[event] * per_gev, _SEMICOLON)
        at = _put_number(out, at, columns.met_phi[event], _SEMICOLON)
        for thing in range(columns.offsets[event], columns.offsets[event + 1]):
            type_ = columns.type[thing]
            at = _put(out, at, _SYMBOL[type_], _SYMBOL_LENGTH[type_])
            at = _put_number(out, at, columns.E[thing] * per_gev, _COMMA)
            at = _put_number(out, at, columns.pt[thing] * per_gev, _COMMA)
            at = _put_number(out, at, columns.eta[thing], _COMMA)
            at = _put_number(out, at, columns.phi[thing], _SEMICOLON)
        at = _put(out, at, _NEWLINE, _U64(1))
    return int(at)
