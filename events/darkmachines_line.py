"""What a line of a Dark Machines file may look like, and what is wrong with one that may not."""

import re
from typing import Final

import numpy as np

from events.objects import SYMBOL_ALIASES, SYMBOLS

BLANKS: Final = " \t\r"
"""What may stand around a field."""

LARGEST: Final = float(np.finfo(np.float32).max)
"""The largest number that a file may hold."""

_HEADER: Final = ("event ID", "process ID", "weight", "MET", "METphi")
_OBJECT: Final = ("symbol", "E", "pt", "eta", "phi")
_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
_INT64: Final = np.iinfo(np.int64)


def clean_line(line: bytes) -> bytes:
    """The line without blanks around its fields and without the optional semicolon before its end.

    Args:
        line: A line with its newline.

    Raises:
        ValueError: If the line is not an event; the message says why.
    """
    if not line.endswith(b"\n"):
        raise ValueError("the last line has no newline at its end, so the file may be cut short")
    fields = [field.strip(BLANKS) for field in _text(line).removesuffix("\n").split(";")]
    if not fields[-1]:
        fields.pop()
    if len(fields) < len(_HEADER):
        raise ValueError(f"only {len(fields)} fields, where an event begins {';'.join(_HEADER)}")
    header, objects = fields[: len(_HEADER)], fields[len(_HEADER) :]
    cleaned = [*_clean_header(header), *(_clean_object(i, text) for i, text in enumerate(objects, 1))]
    return ";".join(cleaned).encode() + b"\n"


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8 text") from error


def _clean_header(fields: list[str]) -> list[str]:
    event_id, process, *numbers = fields
    if not _INTEGER.fullmatch(event_id) or not _INT64.min <= int(event_id) <= _INT64.max:
        raise ValueError(f"event ID {event_id!r} is not a 64-bit integer")
    if not process:
        raise ValueError("the process ID is empty")
    if "," in process:
        raise ValueError(f"process ID {process!r} has a comma")
    return [str(int(event_id)), process, *map(_clean_number, _HEADER[2:], numbers)]


def _clean_object(index: int, text: str) -> str:
    try:
        return ",".join(_clean_values(text))
    except ValueError as error:
        raise ValueError(f"object {index} ({text}): {error}") from error


def _clean_values(text: str) -> list[str]:
    symbol, *numbers = (value.strip(BLANKS) for value in text.split(","))
    if len(numbers) != len(_OBJECT) - 1:
        raise ValueError(f"{len(numbers) + 1} values, not the {len(_OBJECT)} of {','.join(_OBJECT)}")
    if symbol not in SYMBOLS and symbol not in SYMBOL_ALIASES:
        raise ValueError(f"symbol {symbol!r} is none of {' '.join((*SYMBOLS, *SYMBOL_ALIASES))}")
    return [symbol, *map(_clean_number, _OBJECT[1:], numbers)]


def _clean_number(name: str, text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{name} {text!r} is not a number")
    if abs(float(text)) > LARGEST:
        raise ValueError(f"{name} {text!r} is beyond single precision")
    return text.removeprefix("+")
