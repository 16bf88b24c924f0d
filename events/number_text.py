"""Float32 numbers as the text that C++ streams and ``%.6g`` give: six significant digits, no trailing zeros.

A number becomes a cell of 16 bytes, two little-endian 64-bit words, in which absent characters are NUL.
Deleting the NULs of many cells at once leaves their text. A cell is laid out as one of

    sign, mantissa[7], exponent[4], free[4]      -1.05628 e+06
    sign, leading zeros[5], digits[6], free[4]   -0.000 123456

so that the last four bytes are the caller's, for a separator and what follows it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import Floats

Words: TypeAlias = npt.NDArray[np.uint64]
Doubles: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.intp]

_MIN_EXPONENT: Final = -45
_MAX_EXPONENT: Final = 38
_SIGNIFICANT: Final = 6
_EXACT: Final = (-7, 18)
"""Decimal exponents at which scaling a 24-bit mantissa to six digits in double precision cannot move a tie.

The factor is at most 10^12, whose product with 24 bits fits the 53 of a double; or the divisor is at most
10^13, and the quotient either is a tie, and then exact, or is farther from one than a rounding.
"""


@dataclass(frozen=True, slots=True)
class _Scale:
    """How to bring a number to six digits before the point.

    Attributes:
        exponent: Decimal exponent of 2^k, at the biased exponent of a double.
        next_power: The power of ten that follows it.
        times: 10^(5 - e) or 1, at the decimal exponent e less the smallest.
        over: 10^(e - 5) or 1, at the same index.
    """

    exponent: Indices
    next_power: Doubles
    times: Doubles
    over: Doubles


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where digits go, at 8 times the index of their decimal exponent plus the number of significant ones.

    Attributes:
        keep: Mask of the digits before the point.
        move: Mask of the digits behind the point, which they make room for.
        point: The point.
        up: Where in the first word the digits begin, in bits.
        down: Which bit of the digits begins the second word.
        head: What stands before the digits, in the first word.
        tail: What stands behind the digits, in the second word.
    """

    keep: Words
    move: Words
    point: Words
    up: Words
    down: Words
    head: Words
    tail: Words


def number_cells(values: Floats) -> Words:
    """The cells of numbers, uint64[n, 2], with the last four bytes NUL.

    Args:
        values: float32[n].

    Raises:
        ValueError: If a value is not finite.
    """
    if not np.isfinite(values).all():
        raise ValueError("a number that is not finite has no place in an event file")
    digits, exponent = _six_digits(values)
    thousands = digits // 1000
    rest = digits - 1000 * thousands
    triple, significant = _triples()
    text = triple[thousands] | triple[rest] << np.uint64(24)
    n_significant = np.where(rest > 0, significant[rest] + 3, significant[thousands])
    layout, key = _layout(), exponent * 8 + n_significant
    text = text & layout.keep[key] | layout.point[key] | (text & layout.move[key]) << np.uint64(8)
    minus = (values.view(np.uint32) >> 31) * np.uint64(ord("-"))
    cells = np.empty((len(values), 2), np.uint64)
    cells[:, 0] = minus | layout.head[key] | text << layout.up[key]
    cells[:, 1] = layout.tail[key] | text >> layout.down[key]
    return cells


def _six_digits(values: Floats) -> tuple[Indices, Indices]:
    """The six digits of each number as an integer, and its decimal exponent less `_MIN_EXPONENT`."""
    scale = _scale()
    magnitude = np.abs(values).astype(np.float64)
    binary = magnitude.view(np.int64) >> 52
    exponent = scale.exponent[binary] + (magnitude >= scale.next_power[binary])
    scaled = magnitude * scale.times[exponent] / scale.over[exponent]
    digits = np.rint(scaled).astype(np.intp)
    low, high = _EXACT
    inexact = np.flatnonzero((exponent < low - _MIN_EXPONENT) | (exponent > high - _MIN_EXPONENT))
    near_tie = inexact[np.abs(scaled[inexact] % 1 - 0.5) < 1e-6]
    for index in near_tie:
        digits[index] = _exact_digits(float(magnitude[index]), int(exponent[index]) + _MIN_EXPONENT)
    carry = digits == 10**_SIGNIFICANT
    return np.where(carry, 10 ** (_SIGNIFICANT - 1), digits), exponent + carry


def _exact_digits(magnitude: float, exponent: int) -> int:
    mantissa, _, rounded_exponent = f"{magnitude:.{_SIGNIFICANT - 1}e}".partition("e")
    carried: int = 10 ** (int(rounded_exponent) - exponent)
    return int(mantissa.replace(".", "")) * carried


@cache
def _scale() -> _Scale:
    # Biased exponents of the doubles that a float32 can become; 0 is that of zero alone.
    bias, smallest, largest = 1023, -149, 127
    exponent = np.full(bias + largest + 1, -_MIN_EXPONENT, np.intp)
    next_power = np.ones(len(exponent))
    for power in range(smallest, largest + 1):
        decimal = int(f"{2.0**power:e}".partition("e")[2])
        exponent[bias + power] = decimal - _MIN_EXPONENT
        next_power[bias + power] = float(f"1e{decimal + 1}")
    shift = _SIGNIFICANT - 1 - np.arange(_MIN_EXPONENT, _MAX_EXPONENT + 1)
    powers = np.array([float(f"1e{abs(power)}") for power in shift.tolist()])
    return _Scale(exponent, next_power, np.where(shift > 0, powers, 1.0), np.where(shift < 0, powers, 1.0))


@cache
def _triples() -> tuple[Words, Indices]:
    """Three characters of each number below 1000, and how many there are up to the last that is not 0."""
    texts = [f"{number:03}" for number in range(1000)]
    return _words(texts), np.array([len(text.rstrip("0")) for text in texts], np.intp)


@cache
def _layout() -> _Layout:
    rows = [
        _row(exponent, n_significant)
        for exponent in range(_MIN_EXPONENT, _MAX_EXPONENT + 1)
        for n_significant in range(8)
    ]
    return _Layout(*(np.array(column, np.uint64) for column in zip(*rows, strict=True)))


def _row(exponent: int, n_significant: int) -> tuple[int, ...]:
    """The row of `_Layout` for n digits that are not trailing zeros, times 10^exponent."""
    if -4 <= exponent < 0:
        head = _word("\0" + "0." + "0" * (-exponent - 1))
        return _bytes(0, n_significant), 0, 0, 48, 16, head, 0
    scientific = not 0 <= exponent < _SIGNIFICANT
    before = 1 if scientific else exponent + 1
    point = ord(".") << 8 * before if n_significant > before else 0
    tail = _word(f"e{exponent:+03}") if scientific else 0
    return _bytes(0, before), _bytes(before, n_significant), point, 8, 56, 0, tail


def _bytes(start: int, stop: int) -> int:
    """The mask of some bytes of a word."""
    return sum(0xFF << 8 * index for index in range(start, stop))


def _word(text: str) -> int:
    return int.from_bytes(text.encode("ascii"), "little")


def _words(texts: list[str]) -> Words:
    return np.array([_word(text) for text in texts], np.uint64)
