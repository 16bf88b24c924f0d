from dataclasses import replace
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given

from events.arrow import ObjectsLayout, from_record_batch
from events.batch import EventBatch, concatenate
from events.darkmachines_writer import encode_darkmachines
from events.encoders import COMPRESSIONS, Compression
from events.formats import (
    ArrowFileFormat,
    ArrowStreamFormat,
    CsvFormat,
    Format,
    FormatName,
    ParquetFormat,
    make_format,
)
from events.nanoaod import NanoAodLayout
from tests.support.batches import assert_same_events
from tests.support.event_strategies import event_batches


def encoded(format_: Format, *batches: EventBatch) -> list[bytes]:
    """What an encoder gives for each batch, and at the end."""
    encoder = format_.encoder({"seed": "7", "num_events": str(sum(map(len, batches)))})
    return [*map(encoder.encode, batches), encoder.finish()]


def rows_of(format_: Format, data: bytes) -> pa.Table:
    match format_:
        case ParquetFormat():
            return pq.read_table(BytesIO(data))
        case ArrowFileFormat():
            return pa.ipc.open_file(data).read_all()
        case _:
            return pa.ipc.open_stream(data).read_all()


GEV = ObjectsLayout("GeV")
BINARY = [ArrowStreamFormat(GEV), ArrowFileFormat(GEV), ParquetFormat(GEV)]


@pytest.mark.parametrize("format_", BINARY)
@given(first=event_batches(), second=event_batches())
def test_binary_formats_in_gev_lose_nothing(format_: Format, first: EventBatch, second: EventBatch) -> None:
    rows = rows_of(format_, b"".join(encoded(format_, first, second)))
    read = [from_record_batch(part) for part in rows.unify_dictionaries().combine_chunks().to_batches()]
    written = concatenate([first, second])
    if not read:
        assert len(written) == 0
        return
    both = concatenate(read)
    names = tuple(dict.fromkeys((*written.processes, *both.processes)))
    assert_same_events(both.with_processes(names), written.with_processes(names))


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("format_type", [ArrowStreamFormat, ArrowFileFormat, ParquetFormat])
def test_compressed_events_are_the_same(
    format_type: type[ArrowStreamFormat | ArrowFileFormat | ParquetFormat],
    compression: Compression,
    ten_events: EventBatch,
) -> None:
    many = ten_events.take(np.arange(1000) % 10)
    compressed, plain = (b"".join(encoded(format_type(GEV, name), many)) for name in (compression, "none"))
    assert compression == "none" or len(compressed) < len(plain) / 2
    (rows,) = rows_of(format_type(), compressed).to_batches()
    assert_same_events(from_record_batch(rows), many)


@given(event_batches(), event_batches())
def test_csv_is_the_lines_of_all_batches(first: EventBatch, second: EventBatch) -> None:
    assert encoded(CsvFormat("GeV"), first, second) == [
        encode_darkmachines(first, "GeV"), encode_darkmachines(second, "GeV"), b""
    ]  # fmt: skip


@pytest.mark.parametrize("format_", BINARY)
def test_a_stream_without_events_is_readable(format_: Format) -> None:
    rows = rows_of(format_, b"".join(encoded(format_)))
    assert rows.num_rows == 0
    assert rows.schema.names == ["event_id", "process", "weight", "met", "met_phi", "objects"]


@pytest.mark.parametrize("layout", [ObjectsLayout(), NanoAodLayout()])
@pytest.mark.parametrize("format_type", [ArrowStreamFormat, ArrowFileFormat, ParquetFormat])
def test_provenance_is_in_the_schema(
    format_type: type[ArrowStreamFormat], layout: ObjectsLayout | NanoAodLayout, ten_events: EventBatch
) -> None:
    format_ = format_type(layout)
    rows = rows_of(format_, b"".join(encoded(format_, ten_events)))
    assert rows.schema.metadata == {b"seed": b"7", b"num_events": b"10"}


@pytest.mark.parametrize("format_", [CsvFormat(), ArrowStreamFormat()])
def test_each_batch_is_sent_at_once(format_: Format, ten_events: EventBatch) -> None:
    *chunks, _ = encoded(format_, ten_events, ten_events, ten_events)
    assert all(len(chunk) > len(ten_events) for chunk in chunks)


def test_parquet_bytes_do_not_depend_on_batching(ten_events: EventBatch) -> None:
    format_ = ParquetFormat(row_group_events=7)
    parts = [ten_events.slice(0, 1), ten_events.slice(1, 9), ten_events.slice(9, 10)]
    at_once, in_parts = encoded(format_, ten_events), encoded(format_, *parts)
    assert b"".join(at_once) == b"".join(in_parts)
    assert pq.ParquetFile(BytesIO(b"".join(at_once))).num_row_groups == 2


def test_parquet_row_groups_are_sent_when_full(ten_events: EventBatch) -> None:
    chunks = encoded(ParquetFormat(row_group_events=20), *[ten_events] * 5)
    assert [len(chunk) > 4 for chunk in chunks] == [False, True, False, True, False, True]


def test_parquet_can_be_read_in_batches_across_row_groups(ten_events: EventBatch) -> None:
    data = b"".join(encoded(ParquetFormat(row_group_events=4), ten_events))
    batches = list(pq.ParquetFile(BytesIO(data)).iter_batches(batch_size=10))
    assert sum(batch.num_rows for batch in batches) == 10


def test_an_arrow_file_takes_new_processes_as_they_come(ten_events: EventBatch) -> None:
    format_ = ArrowFileFormat()
    other = replace(ten_events, processes=("stop_02",))
    rows = rows_of(format_, b"".join(encoded(format_, ten_events, other, ten_events)))
    assert rows["process"].to_pylist() == ["ttbar"] * 10 + ["stop_02"] * 10 + ["ttbar"] * 10


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("csv", CsvFormat("GeV")),
        ("arrow", ArrowStreamFormat(ObjectsLayout("GeV"))),
        ("parquet", ParquetFormat(ObjectsLayout("GeV"))),
    ],
)
def test_formats_by_name(name: FormatName, expected: Format) -> None:
    assert make_format(name, "GeV") == expected
    assert make_format(name, "GeV").name == name


def test_compression_by_name() -> None:
    assert make_format("arrow", compression="lz4") == ArrowStreamFormat(compression="lz4")
    assert make_format("parquet", compression="none") == ParquetFormat(compression="none")
    assert make_format("csv", compression="none") == CsvFormat()
    with pytest.raises(ValueError, match="csv is not compressed with zstd: ask for arrow or parquet"):
        make_format("csv", compression="zstd")


def test_csv_has_no_nanoaod() -> None:
    assert make_format("arrow", "MeV", "nanoaod") == ArrowStreamFormat(NanoAodLayout())
    with pytest.raises(ValueError, match="csv has no layout nanoaod"):
        make_format("csv", "MeV", "nanoaod")
