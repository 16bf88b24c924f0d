"""The eight tables of the thesis, section 7.5.1, as a Parquet cache: one of events, one per object type.

The source files are streamed once; every later epoch reads only the columns that its network learns from.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from tqdm import tqdm

from events.batch import OBJECT_FLOATS, EventBatch
from events.digest import file_sha256
from events.objects import SYMBOLS
from training.data.reading import numbered
from training.data.split import Split, SplitFractions

EVENT_TABLE: Final = "event"
EVENT_FEATURES: Final = ("met", "met_phi")
OBJECT_FEATURES: Final = OBJECT_FLOATS
MASK_COLUMNS: Final = tuple(f"n_{symbol}" for symbol in SYMBOLS)

_ROW_GROUP: Final = 65_536
_LAYOUT: Final = 1
_CACHED_SPLITS: Final = (Split.TRAIN, Split.VALIDATION)


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

    def masks(self) -> npt.NDArray[np.int64]:
        """The numerical masks of the training events, int64[n, 7]."""
        table = pq.read_table(self.path(Split.TRAIN, EVENT_TABLE), columns=list(MASK_COLUMNS))
        return np.column_stack([column.to_numpy() for column in table.columns]).astype(np.int64)


def build_tables(
    files: Sequence[Path], cache: Path, fractions: SplitFractions, *, progress: bool = True
) -> Tables:
    """Stream the files into tables, or reuse the tables of an earlier call on the same, unchanged files.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If no file is given or they hold no training event.
    """
    if not files:
        raise ValueError("no data file was given to train on")
    folder = cache / _cache_key(files, fractions)
    summary = folder / "summary.json"
    if not summary.exists():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        _stream(files, partial, fractions, progress=progress)
        shutil.rmtree(folder, ignore_errors=True)
        partial.replace(folder)
    return Tables(folder=folder, **json.loads(summary.read_text()))


def _cache_key(files: Sequence[Path], fractions: SplitFractions) -> str:
    stats = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    text = json.dumps([_LAYOUT, stats, asdict(fractions)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _stream(files: Sequence[Path], folder: Path, fractions: SplitFractions, *, progress: bool) -> None:
    events = dict.fromkeys(Split, 0)
    with (
        _SplitWriter(folder / Split.TRAIN) as train,
        _SplitWriter(folder / Split.VALIDATION) as validation,
        tqdm(desc="reading events", unit=" events", unit_scale=True, disable=not progress) as bar,
    ):
        writers = {Split.TRAIN: train, Split.VALIDATION: validation}
        for path in files:
            for ordinals, batch in numbered(path):
                for split in Split:
                    chosen = fractions.contains(split, ordinals)
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
class _TableWriter:
    """Gathers rows until a row group is full: rare objects come a few at a time."""

    path: Path
    columns: tuple[str, ...]
    rows: int = 0
    _pending: list[pa.Table] = field(default_factory=list)
    _writer: pq.ParquetWriter | None = None

    def write(self, columns: Mapping[str, npt.NDArray[np.generic]]) -> None:
        table = pa.table({name: columns[name] for name in self.columns})
        self.rows += len(table)
        self._pending.append(table)
        if sum(map(len, self._pending)) >= _ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        if self._pending:
            table = pa.concat_tables(self._pending).combine_chunks()
            if self._writer is None:
                self._writer = pq.ParquetWriter(self.path, table.schema, compression="zstd")
            self._writer.write_table(table, row_group_size=_ROW_GROUP)
            self._pending.clear()

    def close(self) -> None:
        self.flush()
        if self._writer is not None:
            self._writer.close()


class _SplitWriter:
    """The eight tables of one split."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._event = _TableWriter(folder / f"{EVENT_TABLE}.parquet", (*EVENT_FEATURES, *MASK_COLUMNS))
        self._objects = [_TableWriter(folder / f"{symbol}.parquet", OBJECT_FEATURES) for symbol in SYMBOLS]

    def write(self, batch: EventBatch) -> None:
        features = {name: getattr(batch, name) for name in EVENT_FEATURES}
        masks = dict(zip(MASK_COLUMNS, batch.masks().astype(np.int8).T, strict=True))
        self._event.write(features | masks)
        for type_, writer in enumerate(self._objects):
            chosen = batch.type == type_
            writer.write({name: getattr(batch, name)[chosen] for name in OBJECT_FEATURES})

    def rows(self) -> dict[str, int]:
        return {writer.path.stem: writer.rows for writer in (self._event, *self._objects)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in (self._event, *self._objects):
            writer.close()
