"""Files of events, read and written a batch at a time, in the format that their ending tells."""

import gzip
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Literal, Self, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from events.arrow import from_record_batch
from events.batch import EventBatch
from events.darkmachines_reader import raise_bad_line, read_darkmachines
from events.errors import BadLineError, EventFileError
from events.formats import (
    ArrowFileFormat,
    Format,
    LayoutName,
    make_format,
    make_layout,
)
from events.marks import checked_batches
from events.units import EnergyUnit

OnError: TypeAlias = Literal["raise", "skip"]

CSV_SUFFIXES: Final = (".csv", ".csv.gz")
"""Endings of Dark Machines files."""

SUFFIXES: Final = (*CSV_SUFFIXES, ".parquet", ".arrow", ".feather", ".arrows")
"""Endings of files of events: ``.arrow`` and ``.feather`` for Arrow IPC files, ``.arrows`` for streams."""

_ROWS_AT_ONCE: Final = 65536


class EventReader:
    """The batches of a file, to iterate over once.

    Attributes:
        skipped: Number of lines that were not events and were left out so far.
    """

    def __init__(self, path: Path, on_error: OnError, csv_unit: EnergyUnit) -> None:
        self.skipped = 0
        on_bad_line = raise_bad_line if on_error == "raise" else self._skip
        self._batches = (
            read_darkmachines(path, on_bad_line=on_bad_line, unit=csv_unit)
            if _suffix(path) in CSV_SUFFIXES
            else _columnar_batches(path)
        )

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> EventBatch:
        return next(self._batches)

    def _skip(self, _: BadLineError) -> None:
        self.skipped += 1


def read_events(
    path: str | os.PathLike[str], *, on_error: OnError = "raise", csv_unit: EnergyUnit = "MeV"
) -> EventReader:
    """The events of a file.

    Args:
        path: A file in one of `SUFFIXES`; but for CSV, in the layout ``objects``.
        on_error: Whether a line of CSV that is not an event ends the reading, or is left out and counted.
        csv_unit: Unit of energies and momenta in CSV; other files tell theirs.

    Raises:
        EventFileError: Here, if the ending is unknown; while reading, if the file is damaged, cut short or
            not one of events.
        BadLineError: While reading, at a line that is not an event.
        OSError: While reading, if the file cannot be read.
    """
    return EventReader(Path(path), on_error, csv_unit)


def write_events(
    path: str | os.PathLike[str],
    batches: Iterable[EventBatch],
    *,
    unit: EnergyUnit = "MeV",
    layout: LayoutName = "objects",
    provenance: Mapping[str, str] | None = None,
) -> int:
    """Writes events to a file, which appears, or is replaced, when it is complete.

    Args:
        path: A file in one of `SUFFIXES`.
        batches: The events.
        unit: Unit of energies and momenta; the layout ``nanoaod`` is in GeV whatever it says.
        layout: Which columns to write; CSV has only ``objects``.
        provenance: What the schema's metadata tells of the events. CSV has no place for it.

    Returns:
        The number of events.

    Raises:
        EventFileError: If the ending is unknown.
        ValueError: If the format cannot hold the layout or the events.
        OSError: If the file cannot be written.
    """
    path = Path(path)
    encoder = _format(_suffix(path), unit, layout).encoder(provenance or {})
    n_events = 0
    with _replacing(path) as file:
        for batch in batches:
            file.write(encoder.encode(batch))
            n_events += len(batch)
        file.write(encoder.finish())
    return n_events


def _suffix(path: Path) -> str:
    for suffix in SUFFIXES:
        if path.name.lower().endswith(suffix):
            return suffix
    raise EventFileError(f"{path} has none of the endings of files of events: {' '.join(SUFFIXES)}")


def _format(suffix: str, unit: EnergyUnit, layout: LayoutName) -> Format:
    match suffix:
        case ".parquet":
            return make_format("parquet", unit, layout)
        case ".arrows":
            return make_format("arrow", unit, layout)
        case ".arrow" | ".feather":
            return ArrowFileFormat(make_layout(layout, unit))
        case _:
            return make_format("csv", unit, layout)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO | gzip.GzipFile]:
    """A file to write to, which takes the place of another if nothing is raised."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with ExitStack() as stack:
            file = stack.enter_context(partial.open("xb"))
            if path.suffix == ".gz":
                # Without a time stamp the same events give the same bytes.
                yield stack.enter_context(gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0))
            else:
                yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _columnar_batches(path: Path) -> Iterator[EventBatch]:
    """The events of a Parquet or Arrow file, with what is wrong with it told of the file."""
    n_events = 0
    try:
        with _opened(path) as (schema, rows):
            for part in rows:
                batch = from_record_batch(part)
                n_events += len(batch)
                yield batch
        _require_complete(schema, n_events)
    except (EventFileError, pa.ArrowInvalid) as error:
        raise EventFileError(f"{path}: {error}") from error
    except OSError as error:
        if error.errno is not None:
            raise
        # Arrow's own, which are about the content.
        raise EventFileError(f"{path} is cut short or damaged: {error}") from error


@contextmanager
def _opened(path: Path) -> Iterator[tuple[pa.Schema, Iterable[pa.RecordBatch]]]:
    match _suffix(path):
        case ".parquet":
            with pq.ParquetFile(path) as parquet:
                yield parquet.schema_arrow, parquet.iter_batches(batch_size=_ROWS_AT_ONCE)
        case ".arrows":
            with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as stream:
                yield stream.schema, checked_batches(stream.iter_batches_with_custom_metadata())
        case _:
            with pa.memory_map(str(path)) as file, pa.ipc.open_file(file) as arrow:
                marked = map(arrow.get_batch_with_custom_metadata, range(arrow.num_record_batches))
                yield arrow.schema, checked_batches(marked)


def _require_complete(schema: pa.Schema, n_events: int) -> None:
    """Holds the number of events against what the file announces, which an Arrow stream ends without."""
    announced = (schema.metadata or {}).get(b"num_events")
    if announced is not None and int(announced) != n_events:
        raise EventFileError(f"{n_events} events, where {int(announced)} are announced: it is cut short")
