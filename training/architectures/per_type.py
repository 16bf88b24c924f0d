"""What the architectures share that have one network for events and one for each object type."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from events.batch import Floats
from events.objects import SYMBOLS
from training.data.cache import Tables
from training.data.split import Split
from training.data.tables import EVENT_FEATURES, EVENT_TABLE, OBJECT_FEATURES, read_masks
from training.masks import occurring_types
from training.run import Run
from training.transform import Standardisation

_SCALES_FILE: Final = "standardisation.json"


def learn_scales(run: Run, tables: Tables) -> None:
    """Keep mean and variance of each table with rows."""
    types = occurring_types(read_masks(tables))
    scales = {
        table: Standardisation.fit(
            features_of(table), _row_batches(tables.path(Split.TRAIN, table), features_of(table))
        )
        for table in (EVENT_TABLE, *(SYMBOLS[type_] for type_ in types))
    }
    text = json.dumps({table: asdict(scale) for table, scale in scales.items()}, indent=2)
    (run.folder / _SCALES_FILE).write_text(text)


def scales(run: Run) -> dict[str, Standardisation]:
    """The scaling of each table, by its name: `event` and the symbols of the types that occur."""
    stored = json.loads((run.folder / _SCALES_FILE).read_text())
    return {
        table: Standardisation(*(tuple(values) for values in scale.values()))
        for table, scale in stored.items()
    }


def tables_by_rows(run: Run, tables: Tables) -> list[str]:
    """The tables to learn from, those with most rows first, so that the cores finish together."""
    rows = tables.rows[Split.TRAIN]
    return sorted(scales(run), key=lambda table: -rows[table])


def network_seed(run: Run, table: str) -> int:
    """The seed of a table's network: different for each table of each run."""
    names = (EVENT_TABLE, *SYMBOLS)
    return run.training_config.seed * len(names) + names.index(table)


def features_of(table: str) -> tuple[str, ...]:
    """The features of a table's rows."""
    return EVENT_FEATURES if table == EVENT_TABLE else OBJECT_FEATURES


def _row_batches(path: Path, features: Sequence[str]) -> Iterator[Floats]:
    for batch in pq.ParquetFile(path).iter_batches(columns=list(features)):
        yield np.column_stack([column.to_numpy() for column in batch.columns])
