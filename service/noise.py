"""Random numbers by address: the words of a counter-based generator, and uniform and normal numbers of them.

The words are those of `numpy.random.Philox`. The numbers are made of them here, as numpy does not promise to
keep its own: with integers and plain IEEE 754 single precision, so they are the same on every machine and
with every version of any library.

Importing this module loads numba, so import it where it is used.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import uint64
from numba.extending import intrinsic

from events.batch import Floats, Ints
from events.compiled import compiled

Words: TypeAlias = npt.NDArray[np.uint64]

_WORDS: Final = 512
"""Words in work at once: they and their numbers stay in the first-level cache."""

_F: TypeAlias = np.float32
_U: TypeAlias = np.uint64

_LOG_2: Final = _F(0.6931471805599453)
_QUARTER_TURN: Final = _F(np.pi / 2 / 2**32)
_UNIFORM_STEP: Final = _F(2.0**-24)
_SQRT_HALF_BITS: Final = 0x3F3504F3


def numbers(key: Words, addresses: Words, bounds: Ints, *, normal: bool) -> Floats:
    """Random numbers of some addresses, one address after the other.

    Args:
        key: Key of the generator, uint64[2].
        addresses: Counter that the words of each address begin behind, uint64[n, 4].
        bounds: Which number of each address to begin with, and which to end before, int64[n, 2].
        normal: Standard normal numbers rather than uniform ones in [0, 1).

    Returns:
        float32[sum of the lengths].
    """
    out = np.empty((bounds[:, 1] - bounds[:, 0]).sum(), np.float32)
    words = np.empty((_WORDS // 4, 4), _U)
    _fill(key, addresses, bounds, normal, words, words.reshape(_WORDS), np.empty(2 * _WORDS, _F), out)
    return out


def _upper_half(_: Any, a: Any, b: Any) -> Any:  # noqa: ANN401 - as numba wants it
    def code(_: Any, builder: Any, signature: Any, factors: Any) -> Any:  # noqa: ANN401, ARG001
        wide = ir.IntType(128)
        x, y = (builder.zext(factor, wide) for factor in factors)
        return builder.trunc(builder.lshr(builder.mul(x, y), wide(64)), ir.IntType(64))

    return uint64(a, b), code


_high: Final = cast(Callable[[_U, _U], _U], intrinsic(_upper_half))
"""The upper half of the product of two words."""


@compiled
def _philox(key: Words, address: Words, first: int, words: Words, n_blocks: int) -> None:
    """The words of an address from its block `first` on, uint64[n_blocks, 4].

    Philox 4x64 with ten rounds (Salmon et al., SC11, doi:10.1145/2063384.2063405).
    """
    counter = address[0] + _U(first)
    c1, c2, c3 = address[1], address[2], address[3]
    key0, key1 = key[0], key[1]
    for i in range(n_blocks):
        counter += _U(1)
        x0, x1, x2, x3, k0, k1 = counter, c1, c2, c3, key0, key1
        for _ in range(10):
            high0, low0 = _high(_U(0xD2E7470EE14C6C93), x0), _U(0xD2E7470EE14C6C93) * x0
            high1, low1 = _high(_U(0xCA5A826395121157), x2), _U(0xCA5A826395121157) * x2
            x0, x1, x2, x3 = high1 ^ x1 ^ k0, low1, high0 ^ x3 ^ k1, low0
            k0 += _U(0x9E3779B97F4A7C15)
            k1 += _U(0xBB67AE8584CAA73B)
        words[i, 0], words[i, 1], words[i, 2], words[i, 3] = x0, x1, x2, x3


@compiled
def _uniforms(words: Words, n_words: int, made: Floats) -> None:
    """Two numbers a word, one of each half, the lower first: multiples of 2^-24 in [0, 1)."""
    for i in range(n_words):
        made[2 * i] = _F(np.uint32(words[i]) >> 8) * _UNIFORM_STEP
        made[2 * i + 1] = _F(words[i] >> _U(40)) * _UNIFORM_STEP


@compiled
def _normals(words: Words, n_words: int, made: Floats) -> None:
    """Two numbers a word, the coordinates of a point (Box and Muller, doi:10.1214/aoms/1177706645).

    The lower half, made odd and over 2^32, tells its radius, 6.66 at most; the upper half its direction.
    """
    for i in range(n_words):
        radius = np.sqrt(_F(-2) * _log(np.uint32(words[i] | _U(1))))
        cosine, sine = _direction(np.uint32(words[i] >> _U(32)))
        made[2 * i] = radius * cosine
        made[2 * i + 1] = radius * sine


@compiled
def _log(n: np.uint32) -> _F:
    """Natural logarithm of n / 2^32 for n > 0, with the polynomial of Cephes' logf."""
    bits = _F(n).view(np.int32)
    # So that the mantissa lies in [sqrt(1/2), sqrt(2)).
    exponent = np.int32((bits - _SQRT_HALF_BITS) >> 23)
    f = np.int32(bits - (exponent << 23)).view(_F) - _F(1)
    p = _F(7.0376836292e-2)
    p = p * f - _F(1.1514610310e-1)
    p = p * f + _F(1.1676998740e-1)
    p = p * f - _F(1.2420140846e-1)
    p = p * f + _F(1.4249322787e-1)
    p = p * f - _F(1.6668057665e-1)
    p = p * f + _F(2.0000714765e-1)
    p = p * f - _F(2.4999993993e-1)
    p = p * f + _F(3.3333331174e-1)
    square = f * f
    return f + (p * f * square - _F(0.5) * square) + _F(exponent - 32) * _LOG_2


@compiled
def _direction(n: np.uint32) -> tuple[_F, _F]:
    """Cosine and sine of an angle told by n, with the polynomials of Cephes' sinf and cosf.

    The upper two bits choose a quarter turn, the rest an angle in [-pi/4, pi/4) from there.
    """
    angle = _F(np.int32(np.uint32(n << 2))) * _QUARTER_TURN
    square = angle * angle
    p = (_F(-1.9515295891e-4) * square + _F(8.3321608736e-3)) * square - _F(1.6666654611e-1)
    sine = p * square * angle + angle
    p = (_F(2.443315711809948e-5) * square - _F(1.388731625493765e-3)) * square + _F(4.166664568298827e-2)
    cosine = p * square * square - _F(0.5) * square + _F(1)
    if n & 0x40000000:
        cosine, sine = -sine, cosine
    if n & 0x80000000:
        cosine, sine = -cosine, -sine
    return cosine, sine


@compiled
def _fill(
    key: Words,
    addresses: Words,
    bounds: Ints,
    normal: bool,
    blocks: Words,
    words: Words,
    made: Floats,
    out: Floats,
) -> None:
    filled = 0
    for i in range(len(bounds)):
        at, end = bounds[i]
        while at < end:
            skipped = at % 8
            taken = min(end - at, made.size - skipped)
            n_blocks = (skipped + taken + 7) // 8
            _philox(key, addresses[i], at // 8, blocks, n_blocks)
            if normal:
                _normals(words, 4 * n_blocks, made)
            else:
                _uniforms(words, 4 * n_blocks, made)
            for j in range(taken):
                out[filled + j] = made[skipped + j]
            filled += taken
            at += taken
