"""Events a second of one core that the readers of files give."""

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from events.batch import EventBatch
from events.files import read_events, write_events
from tests.benchmarks.measure import median
from tests.benchmarks.report import Figure
from tests.support.real_files import REAL_FILES

_SUFFIXES = (".csv", ".csv.gz", ".parquet", ".arrow")
_REAL_BYTES = 50_000_000


def measure_readers(batches: list[EventBatch], runs: int) -> Iterator[Figure]:
    """Files of ours in each format, and the longest real one, where there are any, many times over."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in _SUFFIXES:
            path = Path(folder, f"events{suffix}")
            write_events(path, batches)
            yield _read(f"read {suffix}", path, runs)
        if REAL_FILES:
            real = max((file.read_bytes() for file in REAL_FILES), key=len)
            repeated = Path(folder, "real.csv")
            repeated.write_bytes(real * (_REAL_BYTES // len(real)))
            yield _read("read .csv of the collaboration", repeated, runs)


def _read(name: str, path: Path, runs: int) -> Figure:
    seconds = median(partial(_count, path), runs, time.process_time)
    return Figure(name, _count(path) / seconds, "events/s")


def _count(path: Path) -> int:
    return sum(map(len, read_events(path)))
