import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.arrow import ObjectsLayout
from events.batch import EventBatch, concatenate
from events.encoders import COMPRESSIONS, Compression
from events.errors import EventFileError
from events.files import read_events
from events.formats import ArrowFileFormat, ArrowStreamFormat
from tests.support.batches import assert_same_events
from tests.support.event_strategies import event_batches

Part: TypeAlias = tuple[pa.RecordBatch, dict[bytes, bytes] | None]

OFFSET = 1000
STREAM = ArrowStreamFormat(ObjectsLayout("GeV"))
FILE = ArrowFileFormat(ObjectsLayout("GeV"))


def marked(format_: ArrowStreamFormat | ArrowFileFormat, batches: Sequence[EventBatch]) -> bytes:
    encoder = format_.encoder({}, offset=OFFSET, n_events=sum(map(len, batches)))
    return b"".join([*map(encoder.encode, batches), encoder.finish()])


def parts_of(data: bytes) -> list[Part]:
    stream = pa.ipc.open_stream(data)
    return [(rows, dict(marks.items())) for rows, marks in stream.iter_batches_with_custom_metadata()]


def written(path: Path, parts: Sequence[Part]) -> Path:
    """A stream of record batches with any marks."""
    with path.open("wb") as file, pa.ipc.new_stream(file, parts[0][0].schema) as stream:
        for rows, marks in parts:
            stream.write_batch(rows, custom_metadata=marks)
    return path


@pytest.fixture
def parts(ten_events: EventBatch) -> list[Part]:
    """Four record batches of a marked stream."""
    cuts = [(0, 3), (3, 4), (4, 8), (8, 10)]
    return parts_of(marked(STREAM, [ten_events.slice(*cut) for cut in cuts]))


@given(st.lists(event_batches(), min_size=1, max_size=3))
def test_marks_are_offset_digest_of_all_bodies_and_end(batches: list[EventBatch]) -> None:
    data, offset, digest = marked(STREAM, batches), OFFSET, hashlib.sha256()
    end = OFFSET + sum(map(len, batches))
    messages = pa.ipc.MessageReader.open_stream(data)
    bodies = [message.body for message in messages if message.type == "record batch"]
    for body, (rows, marks) in zip(bodies, parts_of(data), strict=True):
        assert marks is not None
        digest.update(body)
        assert marks[b"offset"].decode() == str(offset)
        assert marks[b"digest"].decode() == digest.hexdigest()
        offset += rows.num_rows
        assert marks[b"last"] == (b"true" if offset == end else b"false")


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_digests_do_not_depend_on_compression(compression: Compression, ten_events: EventBatch) -> None:
    plain, other = (
        parts_of(marked(ArrowStreamFormat(compression=name), [ten_events, ten_events]))
        for name in ("none", compression)
    )
    assert [marks for _, marks in other] == [marks for _, marks in plain]


@pytest.mark.parametrize("format_", [STREAM, FILE])
def test_marked_events_are_read(
    format_: ArrowStreamFormat | ArrowFileFormat, ten_events: EventBatch, tmp_path: Path
) -> None:
    path = tmp_path / f"events{format_.suffix}"
    path.write_bytes(marked(format_, [ten_events.slice(0, 3), ten_events.slice(3, 10)]))
    assert_same_events(concatenate(list(read_events(path))), ten_events)


@pytest.mark.parametrize("n_parts", [1, 2, 3])
def test_a_stream_cut_between_record_batches_is_an_error(
    n_parts: int, parts: list[Part], tmp_path: Path
) -> None:
    path = written(tmp_path / "events.arrows", parts[:n_parts])
    with pytest.raises(EventFileError, match="last one is missing: it is cut short"):
        list(read_events(path))


@pytest.mark.parametrize("order", [[0, 2, 3], [0, 2, 1, 3], [0, 1, 1, 2, 3]])
def test_record_batches_out_of_place_are_an_error(
    order: list[int], parts: list[Part], tmp_path: Path
) -> None:
    path = written(tmp_path / "events.arrows", [parts[index] for index in order])
    with pytest.raises(EventFileError, match="is damaged or not the next one"):
        list(read_events(path))


def test_a_record_batch_without_marks_among_others_is_an_error(parts: list[Part], tmp_path: Path) -> None:
    parts[2] = (parts[2][0], None)
    with pytest.raises(EventFileError, match="record batch at event 1004 is damaged or not the next one"):
        list(read_events(written(tmp_path / "events.arrows", parts)))


def test_a_changed_value_is_an_error(parts: list[Part], tmp_path: Path) -> None:
    rows, marks = parts[2]
    index = rows.schema.get_field_index("met")
    changed = rows.set_column(
        index, rows.schema.field(index), pc.add(rows.column(index), pa.scalar(1, pa.float32()))
    )
    parts[2] = changed, marks
    with pytest.raises(EventFileError, match="record batch at event 1004 is damaged or not the next one"):
        list(read_events(written(tmp_path / "events.arrows", parts)))
