"""Event batches from Dark Machines files, streamed.

Blocks of lines are parsed at once. Only where a block is not clean is it halved, down to a few lines that are
looked at one by one.
"""

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from events.batch import EventBatch
from events.darkmachines_block import UncleanBlockError, parse_block
from events.darkmachines_line import clean_line
from events.errors import BadLineError, EventFileError
from events.units import EnergyUnit

BadLineHandler: TypeAlias = Callable[[BadLineError], None]

_FEW_LINES: Final = 16
_LONGEST_LINE: Final = 1 << 20


def raise_bad_line(error: BadLineError) -> None:
    """Ends the reading at a bad line."""
    raise error


def read_darkmachines(
    path: Path,
    *,
    on_bad_line: BadLineHandler = raise_bad_line,
    unit: EnergyUnit = "MeV",
    batch_bytes: int = 1 << 20,
) -> Iterator[EventBatch]:
    """The events of a file, in the order they and their objects have in it.

    Blanks around fields, CRLF, a missing semicolon at the end of a line and the symbols ``mu-`` and ``mu+``
    are accepted. Memory is bounded whatever the size of the file.

    Args:
        path: The file; one whose name ends in ``.gz`` is decompressed.
        on_bad_line: Called for each line that is not an event, which is left out if the call returns.
        unit: Unit of energies and momenta in the file.
        batch_bytes: About how much text to make one batch of.

    Raises:
        BadLineError: From `raise_bad_line`, at a line that is not an event.
        EventFileError: If the file is not one of lines, or is compressed and cut short.
        OSError: If the file cannot be read.
    """
    line = 1
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        for text in _whole_lines(file, path, batch_bytes):
            yield from _events(text, str(path), line, unit, on_bad_line)
            line += text.count(b"\n")


def _whole_lines(file: BinaryIO | gzip.GzipFile, path: Path, batch_bytes: int) -> Iterator[bytes]:
    """The text of a file, cut behind newlines."""
    rest = b""
    while text := _read(file, path, batch_bytes):
        lines, newline, end = text.rpartition(b"\n")
        if newline:
            yield rest + lines + newline
            rest = end
        else:
            rest += end
        if len(rest) > _LONGEST_LINE:
            raise EventFileError(f"{path} is not a Dark Machines file: a line is longer than 1 MiB")
    if rest:
        yield rest


def _read(file: BinaryIO | gzip.GzipFile, path: Path, size: int) -> bytes:
    try:
        return file.read(size)
    except (EOFError, zlib.error) as error:
        raise EventFileError(f"{path} is cut short or damaged: {error}") from error


def _events(
    text: bytes, source: str, first_line: int, unit: EnergyUnit, on_bad_line: BadLineHandler
) -> Iterator[EventBatch]:
    """The events of whole lines."""
    try:
        batch = parse_block(text, unit)
    except UncleanBlockError:
        yield from _unclean_events(text, source, first_line, unit, on_bad_line)
    else:
        yield batch


def _unclean_events(
    text: bytes, source: str, first_line: int, unit: EnergyUnit, on_bad_line: BadLineHandler
) -> Iterator[EventBatch]:
    """The events of whole lines that cannot be parsed at once."""
    middle = text.find(b"\n", len(text) // 2) + 1
    if text.count(b"\n") > _FEW_LINES and middle < len(text):
        yield from _events(text[:middle], source, first_line, unit, on_bad_line)
        first_line += text.count(b"\n", 0, middle)
        yield from _events(text[middle:], source, first_line, unit, on_bad_line)
    elif cleaned := b"".join(_cleaned_lines(text, source, first_line, on_bad_line)):
        yield parse_block(cleaned, unit)


def _cleaned_lines(text: bytes, source: str, first_line: int, on_bad_line: BadLineHandler) -> Iterator[bytes]:
    for number, line in enumerate(BytesIO(text), first_line):
        try:
            yield clean_line(line)
        except ValueError as error:
            on_bad_line(BadLineError(source, number, str(error)))
