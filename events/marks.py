"""Marks in the custom metadata of record batches, which show that a stream is whole and in order.

Each record batch of a marked stream tells

- ``offset``: index of its first event in the data set,
- ``digest``: SHA-256, in hexadecimal, of the bodies of all record batches up to and including itself, as they
  are without compression,
- ``last``: ``true`` at the batch that completes the stream, else ``false``.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from events.errors import EventFileError


class BatchMarker:
    """Marks the record batches of a stream one after the other.

    Args:
        offset: Index of the first event.
        n_events: How many events there will be, or None if that is not known.
    """

    def __init__(self, offset: int, n_events: int | None) -> None:
        self._offset = offset
        self._end = None if n_events is None else offset + n_events
        self._digest = hashlib.sha256()

    def mark(self, rows: pa.RecordBatch) -> dict[str, str]:
        """The marks of the next record batch."""
        self._digest.update(pa.ipc.read_message(rows.serialize()).body)
        offset = self._offset
        self._offset += rows.num_rows
        return {
            "offset": str(offset),
            "digest": self._digest.hexdigest(),
            "last": "true" if self._offset == self._end else "false",
        }


def checked_batches(
    batches: Iterable[tuple[pa.RecordBatch, pa.KeyValueMetadata | None]],
) -> Iterator[pa.RecordBatch]:
    """The record batches of a stream, held against their marks if they have any.

    Args:
        batches: Record batches and their custom metadata.

    Raises:
        EventFileError: If a record batch is damaged or out of place, or the last one is missing.
    """
    marker, last = None, "true"
    for rows, metadata in batches:
        marks = metadata or {}
        if marker is None and b"digest" in marks:
            marker = BatchMarker(int(marks[b"offset"]), None)
        if marker is not None:
            last = _require_next(marks, marker.mark(rows))
        yield rows
    if last != "true":
        raise EventFileError("the record batch marked as the last one is missing: it is cut short")


def _require_next(marks: Mapping[bytes, bytes], expected: Mapping[str, str]) -> str:
    """Whether this record batch is the last one, as its marks say."""
    offset, digest, last = (marks.get(name, b"").decode() for name in (b"offset", b"digest", b"last"))
    if (offset, digest) != (expected["offset"], expected["digest"]):
        raise EventFileError(f"the record batch at event {expected['offset']} is damaged or not the next one")
    return last
