"""Fit a network to the rows of a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from events.batch import Floats
from training.config import FitConfig
from training.data.cache import Tables
from training.data.circular import CircularRows
from training.data.split import Split
from training.fit import Fittable, Fitter
from training.progress import Progress


@dataclass(frozen=True, slots=True)
class Rows:
    """What a network reads of a table.

    Attributes:
        table: The table.
        columns: Its columns, in order.
        transform: Maps them, float32[n, columns], to what the network reads.
    """

    table: str
    columns: Sequence[str]
    transform: Callable[[Floats], Floats]

    def read(self, tables: Tables, split: Split) -> Floats:
        """All rows of a split."""
        return self.transform(read_rows(tables.path(split, self.table), self.columns))


def read_rows(path: Path, columns: Sequence[str]) -> npt.NDArray[Any]:
    """Some columns of a table, [n, columns]."""
    batches = pq.ParquetFile(path).iter_batches(columns=list(columns))
    read = [np.column_stack([batch[name].to_numpy() for name in columns]) for batch in batches]
    return np.concatenate(read or [np.empty((0, len(columns)), np.float32)])


def fit_network(
    model: Fittable,
    fit: FitConfig,
    rows: Rows,
    tables: Tables,
    *,
    seed: int,
    folder: Path,
    report: Callable[[Progress], None],
) -> None:
    """Fit a network to a table, or go on where the fit was stopped."""
    run_fitter(Fitter(model, fit, seed=seed, folder=folder), rows, tables, seed=seed, report=report)


def run_fitter(
    fitter: Fitter, rows: Rows, tables: Tables, *, seed: int, report: Callable[[Progress], None]
) -> None:
    """Let a fitter fit its network to a table, or go on where it was stopped."""
    fitter.resume()
    report(fitter.progress)
    train = CircularRows(
        [tables.path(Split.TRAIN, rows.table)],
        rows.columns,
        rows.transform,
        batch_size=fitter.fit.batch_size,
        seed=seed,
        epoch=fitter.progress.epoch,
    )
    fitter.run(train, rows.read(tables, Split.VALIDATION), report)
