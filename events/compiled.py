"""Functions compiled to machine code on first use, for loops over characters that no array operation does."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code, which runs without Python's global lock.

    The code is kept on disk for the next process, beside the source or in the user's cache, where one of them
    can be written to. A function that calls another compiled one has to be in the same file: the kept code is
    made anew only when that file changes.
    """
    try:
        return _jit(function, keep=True)
    except RuntimeError:
        return _jit(function, keep=False)


def _jit(function: Function, *, keep: bool) -> Function:
    return cast(Function, njit(nogil=True, cache=keep)(function))
