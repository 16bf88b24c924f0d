"""What the service must send, made without it."""

import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from events.formats import FormatName, make_format
from models.shelf import Shelf
from service.sampler import Sampler

SEED = 11
EVENTS = 40_000


@dataclass(frozen=True)
class Reference:
    """The first events of one data set.

    Attributes:
        process: Process ID.
        model: Model.
        lines: The events as CSV, by line.
        table: The events as Arrow.
    """

    process: str
    model: str
    lines: list[bytes]
    table: pa.Table

    def holds(self, format_: FormatName, body: bytes, offset: int, n: int) -> bool:
        """Whether a body is events `offset` to ``offset + n - 1`` in a format."""
        if format_ == "csv":
            return body == b"".join(self.lines[offset : offset + n])
        rows = self._arrow_rows(body, offset) if format_ == "arrow" else pq.read_table(io.BytesIO(body))
        wanted = self.table.slice(offset, n)
        return rows is not None and rows.to_pylist() == wanted.to_pylist()

    @staticmethod
    def _arrow_rows(body: bytes, offset: int) -> pa.Table | None:
        """The rows of a stream whose marks say that it is whole."""
        batches: list[pa.RecordBatch] = []
        marks: dict[bytes, bytes] = {}
        with pa.ipc.open_stream(body) as stream:
            for batch, marks in stream.iter_batches_with_custom_metadata():
                if int(marks[b"offset"]) != offset + sum(len(each) for each in batches):
                    return None
                batches.append(batch)
        return pa.Table.from_batches(batches) if marks.get(b"last") == b"true" else None


def references(models: Path) -> list[Reference]:
    """The references of all models of a folder."""
    return [_reference(Sampler.open(artefact)) for artefact in Shelf.open(models)]


def _reference(sampler: Sampler) -> Reference:
    batches = [task().events for task in sampler.slice(EVENTS, SEED).tasks()]
    csv, arrow = (make_format(name).encoder({}) for name in ("csv", "arrow"))
    text = b"".join([csv.encode(batch) for batch in batches])
    stream = b"".join([*(arrow.encode(batch) for batch in batches), arrow.finish()])
    manifest = sampler.manifest
    return Reference(
        manifest.process,
        manifest.model,
        text.splitlines(keepends=True),
        pa.ipc.open_stream(stream).read_all(),
    )
