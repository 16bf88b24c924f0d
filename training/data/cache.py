"""Tables of the training data as a Parquet cache.

The source files are streamed once; every later epoch reads only the columns that its network learns from.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from events.batch import Bools, EventBatch
from events.digest import file_sha256
from training.data.reading import numbered
from training.data.split import Split, SplitFractions

_ROW_GROUP: Final = 65_536


class SplitWriter(AbstractContextManager["SplitWriter"], Protocol):
    """The tables of one split, being written."""

    def write(self, batch: EventBatch) -> None:
        """Append events."""

    def rows(self) -> dict[str, int]:
        """How many rows each table has, by its name."""


class Layout(Protocol):
    """What the tables of an architecture hold."""

    @property
    def key(self) -> list[Any]:
        """Tells it from every other layout, in terms that JSON has."""

    def select(self, batch: EventBatch) -> Bools:
        """The events to learn from, bool[n]."""

    def writer(self, folder: Path) -> SplitWriter:
        """Begin the tables of a split in a new folder."""


@dataclass(frozen=True, slots=True)
class Tables:
    """A finished cache.

    Attributes:
        folder: Where its Parquet files lie.
        sha256: Digest of each source file, by name.
        events: Number of events in each split, test included.
        rows: Number of rows of each table in each cached split.
    """

    folder: Path
    sha256: dict[str, str]
    events: dict[str, int]
    rows: dict[str, dict[str, int]]

    def path(self, split: Split, table: str) -> Path:
        """The Parquet file of a table."""
        return self.folder / split / f"{table}.parquet"


def build_tables(
    files: Sequence[Path], cache: Path, fractions: SplitFractions, layout: Layout, *, progress: bool = True
) -> Tables:
    """Stream the files into tables, or reuse the tables of an earlier call on the same, unchanged files.

    Args:
        files: Event files of any supported format and any size.
        cache: Folder of all tables.
        fractions: Which events are trained and validated on.
        layout: What the tables hold.
        progress: Whether to show a progress bar.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If no file is given or they hold no training event.
    """
    if not files:
        raise ValueError("no data file was given to train on")
    folder = cache / _cache_key(files, fractions, layout)
    summary = folder / "summary.json"
    if not summary.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        _stream(files, partial, fractions, layout, progress=progress)
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    return Tables(folder=folder, **json.loads(summary.read_text()))


def _cache_key(files: Sequence[Path], fractions: SplitFractions, layout: Layout) -> str:
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    text = json.dumps([layout.key, stats, asdict(fractions)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _stream(
    files: Sequence[Path], folder: Path, fractions: SplitFractions, layout: Layout, *, progress: bool
) -> None:
    events = dict.fromkeys(Split, 0)
    with (
        layout.writer(folder / Split.TRAIN) as train,
        layout.writer(folder / Split.VALIDATION) as validation,
        tqdm(desc="reading events", unit=" events", unit_scale=True, disable=not progress) as bar,
    ):
        writers = {Split.TRAIN: train, Split.VALIDATION: validation}
        for index, path in enumerate(files):
            shares = fractions.of_file(index)
            for ordinals, batch in numbered(path):
                wanted = layout.select(batch)
                for split in Split:
                    chosen = wanted & shares.contains(split, ordinals)
                    events[split] += int(np.count_nonzero(chosen))
                    if split in writers:
                        writers[split].write(batch.take(chosen))
                bar.update(len(batch))
    if not events[Split.TRAIN]:
        raise ValueError(f"no training event in {', '.join(map(str, files))}: more events are needed")
    summary = {
        "sha256": {path.name: file_sha256(path) for path in files},
        "events": events,
        "rows": {split: writer.rows() for split, writer in writers.items()},
    }
    (folder / "summary.json").write_text(json.dumps(summary, indent=2))


@dataclass(slots=True)
class TableWriter:
    """A Parquet table. Gathers rows until a row group is full: rare objects come a few at a time.

    Attributes:
        path: Where it goes.
        columns: Its columns, in order.
        rows: How many it has so far.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int = 0
    _pending: list[pa.Table] = field(default_factory=list)
    _writer: pq.ParquetWriter | None = None

    def write(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
        """Append rows, an array [n] a column."""
        table = pa.table({name: columns[name] for name in self.columns})
        self.rows += len(table)
        self._pending.append(table)
        if sum(map(len, self._pending)) >= _ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        """Write the pending rows as a row group."""
        if self._pending:
            table = pa.concat_tables(self._pending).combine_chunks()
            if self._writer is None:
                self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
            self._writer.write_table(table, row_group_size=_ROW_GROUP)
            self._pending.clear()

    def close(self) -> None:
        """Finish the file, if there are any rows."""
        self.flush()
        if self._writer is not None:
            self._writer.close()
