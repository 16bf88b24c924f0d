"""Streams of events with the positions that decide their split."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch, concatenate
from events.files import read_events
from training.data.split import Split, SplitFractions


def numbered(path: Path) -> Iterator[tuple[npt.NDArray[np.int64], EventBatch]]:
    """The batches of a file with the position of each event in it, int64[n]."""
    position = 0
    for batch in read_events(path):
        yield np.arange(position, position + len(batch)), batch
        position += len(batch)


def read_split(files: Sequence[Path], split: Split, fractions: SplitFractions) -> Iterator[EventBatch]:
    """The events of one split, streamed from files of any supported format and any size."""
    for index, path in enumerate(files):
        shares = fractions.of_file(index)
        for ordinals, batch in numbered(path):
            yield batch.take(shares.contains(split, ordinals))


def first_events(batches: Iterable[EventBatch], n: int) -> EventBatch:
    """The first n events of a stream, or all of them if there are fewer; no batch after those is read.

    Raises:
        ValueError: If there is no batch.
    """
    taken: list[EventBatch] = []
    missing = n
    for batch in batches:
        taken.append(batch.slice(0, missing))
        missing -= len(taken[-1])
        if not missing:
            break
    return concatenate(taken)
