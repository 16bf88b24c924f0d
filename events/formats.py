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

from events.arrow import ObjectsLayout
from events.encoders import ArrowEncoder, Compression, CsvEncoder, Encoder, Layout, ParquetEncoder
from events.marks import BatchMarker
from events.nanoaod import NanoAodLayout
from events.units import EnergyUnit

FormatName: TypeAlias = Literal["csv", "arrow", "parquet"]
LayoutName: TypeAlias = Literal["objects", "nanoaod"]

FORMAT_NAMES: Final[tuple[FormatName, ...]] = get_args(FormatName)
LAYOUT_NAMES: Final[tuple[LayoutName, ...]] = get_args(LayoutName)


class Format(Protocol):
    """A format of event streams."""

    name: ClassVar[str]
    media_type: ClassVar[str]
    suffix: ClassVar[str]

    def encoder(
        self, provenance: Mapping[str, str], *, offset: int = 0, n_events: int | None = None
    ) -> Encoder:
        """A new stream.

        Args:
            provenance: What the schema's metadata tells of the events. CSV has no place for it.
            offset: Index of the first event in its data set.
            n_events: How many events the stream will have. Told that, Arrow marks its record batches, see
                `events.marks`; other formats have no place for marks.
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

    def encoder(
        self,
        provenance: Mapping[str, str],  # noqa: ARG002 - as in `Format`
        *,
        offset: int = 0,  # noqa: ARG002
        n_events: int | None = None,  # noqa: ARG002
    ) -> Encoder:
        """A new stream, which does not tell its provenance."""
        return CsvEncoder(self.unit)


@dataclass(frozen=True, slots=True)
class ArrowStreamFormat:
    """The Arrow IPC streaming format, one record batch for each batch of events.

    Attributes:
        layout: Which columns there are.
        compression: How their buffers are compressed.
    """

    name: ClassVar[str] = "arrow"
    media_type: ClassVar[str] = "application/vnd.apache.arrow.stream"
    suffix: ClassVar[str] = ".arrows"

    layout: Layout = field(default_factory=ObjectsLayout)
    compression: Compression = "none"

    def encoder(
        self, provenance: Mapping[str, str], *, offset: int = 0, n_events: int | None = None
    ) -> Encoder:
        """A new stream, whose first bytes hold the schema."""
        marker = _marker(offset, n_events)
        return ArrowEncoder(self.layout, provenance, self.compression, marker, file=False)


@dataclass(frozen=True, slots=True)
class ArrowFileFormat:
    """The Arrow IPC file format, also known as Feather, one record batch for each batch of events.

    Attributes:
        layout: Which columns there are.
        compression: How their buffers are compressed.
    """

    name: ClassVar[str] = "arrow-file"
    media_type: ClassVar[str] = "application/vnd.apache.arrow.file"
    suffix: ClassVar[str] = ".arrow"

    layout: Layout = field(default_factory=ObjectsLayout)
    compression: Compression = "none"

    def encoder(
        self, provenance: Mapping[str, str], *, offset: int = 0, n_events: int | None = None
    ) -> Encoder:
        """A new file, whose first bytes hold the schema."""
        marker = _marker(offset, n_events)
        return ArrowEncoder(self.layout, provenance, self.compression, marker, file=True)


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """Parquet.

    Attributes:
        layout: Which columns there are.
        compression: How their pages are compressed.
        row_group_events: Events in a row group. The bytes depend on it, and not on how events are batched.
    """

    name: ClassVar[str] = "parquet"
    media_type: ClassVar[str] = "application/vnd.apache.parquet"
    suffix: ClassVar[str] = ".parquet"

    layout: Layout = field(default_factory=ObjectsLayout)
    compression: Compression = "zstd"
    row_group_events: int = 65536

    def encoder(
        self,
        provenance: Mapping[str, str],
        *,
        offset: int = 0,  # noqa: ARG002 - as in `Format`
        n_events: int | None = None,  # noqa: ARG002
    ) -> Encoder:
        """A new file, whose last bytes hold the schema."""
        return ParquetEncoder(self.layout, provenance, self.compression, self.row_group_events)


def make_layout(name: LayoutName, unit: EnergyUnit = "MeV") -> Layout:
    """A layout by name; ``nanoaod`` is in GeV whatever the unit."""
    return ObjectsLayout(unit) if name == "objects" else NanoAodLayout()


def make_format(
    name: FormatName,
    unit: EnergyUnit = "MeV",
    layout: LayoutName = "objects",
    compression: Compression | None = None,
) -> Format:
    """A format by name, as users ask for it.

    Args:
        name: Name of the format.
        unit: Unit of energies and momenta; the layout ``nanoaod`` is in GeV whatever it says.
        layout: Name of the layout.
        compression: How columns are compressed; None for what the format does unless told otherwise.

    Raises:
        ValueError: If the format has no such layout, or is not compressed.
    """
    columns = make_layout(layout, unit)
    match name:
        case "csv" if layout != "objects":
            raise ValueError(
                f"csv has no layout {layout}: ask for arrow or parquet, or for the layout objects"
            )
        case "csv" if compression not in {None, "none"}:
            raise ValueError(f"csv is not compressed with {compression}: ask for arrow or parquet")
        case "csv":
            return CsvFormat(unit)
        case "arrow":
            return ArrowStreamFormat(columns, compression or "none")
        case "parquet":
            return ParquetFormat(columns, compression or "zstd")


def _marker(offset: int, n_events: int | None) -> BatchMarker | None:
    return None if n_events is None else BatchMarker(offset, n_events)
