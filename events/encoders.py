"""The state of a stream of events in each format."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal, Protocol, TypeAlias, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from events.arrow import ObjectsLayout
from events.batch import EventBatch, concatenate
from events.darkmachines_writer import encode_darkmachines
from events.marks import BatchMarker
from events.nanoaod import NanoAodLayout
from events.units import EnergyUnit

Compression: TypeAlias = Literal["none", "lz4", "zstd"]
Layout: TypeAlias = ObjectsLayout | NanoAodLayout

COMPRESSIONS: Final[tuple[Compression, ...]] = get_args(Compression)

_STRINGS: Final = ("process", "objects.list.element.type")
"""Columns of strings in Parquet files."""


class Encoder(Protocol):
    """The state of one stream of bytes."""

    def encode(self, batch: EventBatch) -> bytes:
        """The bytes that can be sent now that these events are known; none where they wait for more events.

        Raises:
            ValueError: If the format cannot hold the events.
        """

    def finish(self) -> bytes:
        """The last bytes. Without them the stream is told to be cut short, but in CSV."""


class CsvEncoder:
    """Lines of Dark Machines text."""

    def __init__(self, unit: EnergyUnit) -> None:
        self._unit: EnergyUnit = unit

    def encode(self, batch: EventBatch) -> bytes:
        """The lines of the events."""
        return encode_darkmachines(batch, self._unit)

    def finish(self) -> bytes:
        """Nothing."""
        return b""


class ArrowEncoder:
    """Record batches in an Arrow IPC stream or file, one for each batch of events.

    Args:
        layout: Which columns there are.
        provenance: What the schema's metadata tells of the events.
        compression: How the columns are compressed.
        marker: What marks the record batches, if anything does.
        file: Whether to write the file format rather than the streaming format.
    """

    def __init__(
        self,
        layout: Layout,
        provenance: Mapping[str, str],
        compression: Compression,
        marker: BatchMarker | None,
        *,
        file: bool,
    ) -> None:
        self._layout = layout
        self._marker = marker
        self._schema = layout.schema(provenance)
        self._sink = _Sink()
        self._processes: tuple[str, ...] = ()
        options = pa.ipc.IpcWriteOptions(
            compression=None if compression == "none" else compression,
            # An IPC file may extend a dictionary, but not replace it.
            emit_dictionary_deltas=file,
            # Whoever encodes has threads of its own.
            use_threads=False,
        )
        new = pa.ipc.new_file if file else pa.ipc.new_stream
        self._writer = new(self._sink.file(), self._schema, options=options)

    def encode(self, batch: EventBatch) -> bytes:
        """The events as a record batch, behind the schema if they are the first."""
        self._processes = tuple(dict.fromkeys(self._processes + batch.processes))
        rows = self._layout.record_batch(batch.with_processes(self._processes), self._schema)
        marks = self._marker.mark(rows) if self._marker else None
        self._writer.write_batch(rows, custom_metadata=marks)
        return self._sink.drain()

    def finish(self) -> bytes:
        """The end of the stream, or the footer of the file."""
        self._writer.close()
        return self._sink.drain()


class ParquetEncoder:
    """Row groups in a Parquet file.

    Args:
        layout: Which columns there are.
        provenance: What the schema's metadata tells of the events.
        compression: How the columns are compressed.
        row_group_events: Events in a row group.
    """

    def __init__(
        self, layout: Layout, provenance: Mapping[str, str], compression: Compression, row_group_events: int
    ) -> None:
        self._layout = layout
        self._row_group_events = row_group_events
        self._schema = layout.schema(provenance)
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(
            self._sink.file(),
            _without_nested_dictionaries(self._schema),
            compression=compression,
            # Numbers hardly repeat: dictionaries of them take three times as long and half as much again.
            use_dictionary=list(_STRINGS),
        )
        self._waiting: list[EventBatch] = []

    def encode(self, batch: EventBatch) -> bytes:
        """The row groups that are full with these events."""
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= self._row_group_events:
            self._write_full_groups()
        return self._sink.drain()

    def finish(self) -> bytes:
        """The last row group and the footer."""
        if self._waiting:
            self._write(concatenate(self._waiting))
        self._writer.close()
        return self._sink.drain()

    def _write_full_groups(self) -> None:
        events = concatenate(self._waiting)
        start = 0
        while len(events) - start >= self._row_group_events:
            self._write(events.slice(start, start + self._row_group_events))
            start += self._row_group_events
        self._waiting = [events.slice(start, len(events))]

    def _write(self, events: EventBatch) -> None:
        rows = self._layout.record_batch(events, self._schema)
        if len(rows):
            self._writer.write_batch(rows.cast(self._writer.schema))


class _Sink:
    """What Arrow's writers write to; hands out what was written since it was last asked."""

    closed: ClassVar[bool] = False

    def __init__(self) -> None:
        self._written: list[bytes | pa.Buffer] = []

    def write(self, data: bytes | pa.Buffer) -> None:
        """Takes the columns' own buffers as such: they are copied once only, into what is drained."""
        self._written.append(data)

    def flush(self) -> None:
        """Nothing to do: all that was written can be drained."""

    def file(self) -> pa.PythonFile:
        return pa.PythonFile(self, mode="w")

    def drain(self) -> bytes:
        drained = b"".join(self._written)
        self._written.clear()
        return drained


def _without_nested_dictionaries(schema: pa.Schema) -> pa.Schema:
    """The schema with strings in lists as such, which Parquet encodes by dictionaries of its own.

    Arrow's reader of Parquet cannot read batches across row groups where lists hold dictionaries.
    """
    columns = [
        column.with_type(_plain(column.type)) if pa.types.is_list(column.type) else column
        for column in schema
    ]
    return pa.schema(columns, metadata=schema.metadata)


def _plain(type_: pa.DataType) -> pa.DataType:
    if pa.types.is_list(type_):
        return pa.list_(type_.value_field.with_type(_plain(type_.value_type)))
    if pa.types.is_struct(type_):
        return pa.struct([member.with_type(_plain(member.type)) for member in type_])
    return type_.value_type if pa.types.is_dictionary(type_) else type_
