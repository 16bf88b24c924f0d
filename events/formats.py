"""The formats that events are streamed in.

A format is a value that says what it is called and makes an encoder for each stream of events:

    encoder = ArrowStreamFormat().encoder({"seed": "1"})
    for batch in batches:
        send(encoder.encode(batch))
    send(encoder.finish())
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, Protocol, TypeAlias, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from events.arrow import ObjectsLayout
from events.batch import EventBatch, concatenate
from events.darkmachines_writer import encode_darkmachines
from events.nanoaod import NanoAodLayout
from events.units import EnergyUnit

FormatName: TypeAlias = Literal["csv", "arrow", "parquet"]
LayoutName: TypeAlias = Literal["objects", "nanoaod"]
Layout: TypeAlias = ObjectsLayout | NanoAodLayout

FORMAT_NAMES: Final[tuple[FormatName, ...]] = get_args(FormatName)
LAYOUT_NAMES: Final[tuple[LayoutName, ...]] = get_args(LayoutName)


class Encoder(Protocol):
    """The state of one stream of bytes."""

    def encode(self, batch: EventBatch) -> bytes:
        """The bytes that can be sent now that these events are known; none where they wait for more events.

        Raises:
            ValueError: If the format cannot hold the events.
        """

    def finish(self) -> bytes:
        """The last bytes. Without them the stream is told to be cut short, but in CSV."""


class Format(Protocol):
    """A format of event streams."""

    name: ClassVar[str]
    media_type: ClassVar[str]
    suffix: ClassVar[str]

    def encoder(self, provenance: Mapping[str, str]) -> Encoder:
        """A new stream.

        Args:
            provenance: What the schema's metadata tells of the events. CSV has no place for it.
        """


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """Dark Machines text.

    Attributes:
        unit: Unit of energies and momenta.
    """

    name: ClassVar[str] = "csv"
    media_type: ClassVar[str] = "text/csv"
    suffix: ClassVar[str] = ".csv"

    unit: EnergyUnit = "MeV"

    def encoder(self, provenance: Mapping[str, str]) -> Encoder:  # noqa: ARG002 - as in `Format`
        """A new stream, which does not tell its provenance."""
        return _CsvEncoder(self.unit)


@dataclass(frozen=True, slots=True)
class ArrowStreamFormat:
    """The Arrow IPC streaming format, one record batch for each batch of events.

    Attributes:
        layout: Which columns there are.
    """

    name: ClassVar[str] = "arrow"
    media_type: ClassVar[str] = "application/vnd.apache.arrow.stream"
    suffix: ClassVar[str] = ".arrows"

    layout: Layout = field(default_factory=ObjectsLayout)

    def encoder(self, provenance: Mapping[str, str]) -> Encoder:
        """A new stream, whose first bytes hold the schema."""
        sink, schema = _Sink(), self.layout.schema(provenance)
        return _ArrowEncoder(self.layout, schema, sink, pa.ipc.new_stream(sink.file(), schema))


@dataclass(frozen=True, slots=True)
class ArrowFileFormat:
    """The Arrow IPC file format, also known as Feather, one record batch for each batch of events.

    Attributes:
        layout: Which columns there are.
    """

    name: ClassVar[str] = "arrow-file"
    media_type: ClassVar[str] = "application/vnd.apache.arrow.file"
    suffix: ClassVar[str] = ".arrow"

    layout: Layout = field(default_factory=ObjectsLayout)

    def encoder(self, provenance: Mapping[str, str]) -> Encoder:
        """A new file, whose first bytes hold the schema."""
        sink, schema = _Sink(), self.layout.schema(provenance)
        options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
        return _ArrowEncoder(self.layout, schema, sink, pa.ipc.new_file(sink.file(), schema, options=options))


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """Parquet, compressed.

    Attributes:
        layout: Which columns there are.
        row_group_events: Events in a row group. The bytes depend on it, and not on how events are batched.
    """

    name: ClassVar[str] = "parquet"
    media_type: ClassVar[str] = "application/vnd.apache.parquet"
    suffix: ClassVar[str] = ".parquet"

    layout: Layout = field(default_factory=ObjectsLayout)
    row_group_events: int = 65536

    def encoder(self, provenance: Mapping[str, str]) -> Encoder:
        """A new file, whose last bytes hold the schema."""
        return _ParquetEncoder(self.layout, provenance, self.row_group_events)


def make_layout(name: LayoutName, unit: EnergyUnit = "MeV") -> Layout:
    """A layout by name; ``nanoaod`` is in GeV whatever the unit."""
    return ObjectsLayout(unit) if name == "objects" else NanoAodLayout()


def make_format(name: FormatName, unit: EnergyUnit = "MeV", layout: LayoutName = "objects") -> Format:
    """A format by name, as users ask for it.

    Args:
        name: Name of the format.
        unit: Unit of energies and momenta; the layout ``nanoaod`` is in GeV whatever it says.
        layout: Name of the layout.

    Raises:
        ValueError: If the format has no such layout.
    """
    columns = make_layout(layout, unit)
    match name:
        case "csv" if layout != "objects":
            raise ValueError(
                f"csv has no layout {layout}: ask for arrow or parquet, or for the layout objects"
            )
        case "csv":
            return CsvFormat(unit)
        case "arrow":
            return ArrowStreamFormat(columns)
        case "parquet":
            return ParquetFormat(columns)


class _CsvEncoder:
    def __init__(self, unit: EnergyUnit) -> None:
        self._unit: EnergyUnit = unit

    def encode(self, batch: EventBatch) -> bytes:
        return encode_darkmachines(batch, self._unit)

    def finish(self) -> bytes:
        return b""


class _ArrowEncoder:
    def __init__(
        self, layout: Layout, schema: pa.Schema, sink: "_Sink", writer: pa.ipc.RecordBatchStreamWriter
    ) -> None:
        self._layout = layout
        self._schema = schema
        self._sink = sink
        self._writer = writer
        self._processes: tuple[str, ...] = ()

    def encode(self, batch: EventBatch) -> bytes:
        # An IPC file may extend a dictionary, but not replace it.
        self._processes = tuple(dict.fromkeys(self._processes + batch.processes))
        rows = self._layout.record_batch(batch.with_processes(self._processes), self._schema)
        self._writer.write_batch(rows)
        return self._sink.drain()

    def finish(self) -> bytes:
        self._writer.close()
        return self._sink.drain()


class _ParquetEncoder:
    def __init__(self, layout: Layout, provenance: Mapping[str, str], row_group_events: int) -> None:
        self._layout = layout
        self._row_group_events = row_group_events
        self._schema = layout.schema(provenance)
        self._sink = _Sink()
        self._writer = pq.ParquetWriter(
            self._sink.file(), _without_nested_dictionaries(self._schema), compression="zstd"
        )
        self._waiting: list[EventBatch] = []

    def encode(self, batch: EventBatch) -> bytes:
        self._waiting.append(batch)
        if sum(map(len, self._waiting)) >= self._row_group_events:
            self._write_full_groups()
        return self._sink.drain()

    def finish(self) -> bytes:
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
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
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
