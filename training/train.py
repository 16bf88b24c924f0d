"""Train Experiment II: one network for MET and one for each object type, side by side on the cores."""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from tqdm import tqdm

from events.batch import Floats
from events.objects import SYMBOLS
from service.runtime import usable_cores
from training.config import TrainingConfig
from training.data.split import Split
from training.data.tables import EVENT_TABLE, Tables, build_tables
from training.run import Run, features_of
from training.transform import Standardisation


@dataclass(frozen=True, slots=True)
class NetworkTask:
    """One network to fit, with all that a worker process needs to know."""

    table: str
    train: Path
    validation: Path
    folder: Path
    config: TrainingConfig
    scaling: Standardisation
    seed: int
    bar: int
    progress: bool


def train(
    *,
    process: str,
    config: dict[str, Any],
    data: Sequence[Path],
    folder: Path,
    cache: Path,
    generator: str,
    workers: int | None = None,
    progress: bool = True,
) -> Run:
    """Train all networks of a run, or go on where it was stopped.

    Args:
        process: Process ID, such as ``ttbar``.
        config: The tables of the TOML configuration.
        data: Event files of any supported format.
        folder: The run's folder.
        cache: Where the tables of the data go.
        generator: What produced the events, for the manifest.
        workers: Networks to fit at a time; by default one a core.
        progress: Whether to show progress bars.

    Raises:
        RunMismatchError: If the folder holds another run.
        ValueError: If the configuration or the data cannot be used.
    """
    checked = TrainingConfig.from_dict(config)
    tables = build_tables(data, cache, checked.split, progress=progress)
    run = Run(folder, process, config, generator, tables.sha256, tables.events)
    run.begin()
    run.prepare(tables, _standardise(tables))
    tasks = _tasks(run, tables, progress=progress)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers or usable_cores(),
        mp_context=context,
        initializer=tqdm.set_lock,
        initargs=(context.RLock(),),
    ) as pool:
        for _ in pool.map(_fit_network, tasks):
            pass
    return run


def _standardise(tables: Tables) -> dict[str, Standardisation]:
    occurring = [symbol for symbol in SYMBOLS if tables.rows[Split.TRAIN][symbol]]
    return {
        table: Standardisation.fit(
            features_of(table), _row_batches(tables.path(Split.TRAIN, table), features_of(table))
        )
        for table in (EVENT_TABLE, *occurring)
    }


def _row_batches(path: Path, features: Sequence[str]) -> Iterator[Floats]:
    for batch in pq.ParquetFile(path).iter_batches(columns=list(features)):
        yield np.column_stack([column.to_numpy() for column in batch.columns])


def _tasks(run: Run, tables: Tables, *, progress: bool) -> list[NetworkTask]:
    """The networks, those with most rows first, so that the cores finish together."""
    config, scalings = run.training_config, run.standardisations()
    rows = tables.rows[Split.TRAIN]
    names = sorted(run.tables(), key=lambda table: -rows[table])
    seeds = dict(zip((EVENT_TABLE, *SYMBOLS), range(len(SYMBOLS) + 1), strict=True))
    return [
        NetworkTask(
            table=table,
            train=tables.path(Split.TRAIN, table),
            validation=tables.path(Split.VALIDATION, table),
            folder=run.network_folder(table),
            config=config,
            scaling=scalings[table],
            seed=config.seed * len(seeds) + seeds[table],
            bar=position,
            progress=progress,
        )
        for position, table in enumerate(names)
    ]


def _fit_network(task: NetworkTask) -> None:
    """Fit one network, in a process of its own."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf  # noqa: PLC0415 # takes seconds, and each worker needs it for itself

    from training.data.circular import CircularRows  # noqa: PLC0415
    from training.fit import Fitter, Progress  # noqa: PLC0415
    from training.vae import BetaVAE  # noqa: PLC0415

    # Networks run side by side: one thread each wastes nothing on layers as small as these.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    fit, features = task.config.fit, task.scaling.features
    model = BetaVAE(len(features), task.config.network(task.table), seed=task.seed)
    fitter = Fitter(model, fit, seed=task.seed, folder=task.folder)
    fitter.resume()
    rows = CircularRows(
        [task.train],
        features,
        task.scaling.forward,
        batch_size=fit.batch_size,
        seed=task.seed,
        epoch=fitter.progress.epoch,
    )
    validation = np.concatenate(
        [np.empty((0, len(features)), np.float32), *_row_batches(task.validation, features)]
    )
    with tqdm(
        desc=f"{task.table:>5} network",
        total=fit.epochs,
        initial=fitter.progress.epoch,
        unit="epoch",
        position=task.bar,
        disable=not task.progress,
    ) as bar:

        def report(progress: Progress) -> None:
            bar.set_postfix(loss=f"{progress.losses[-1][1]:.4f}", best=f"{progress.best_loss:.4f}")
            bar.update()

        fitter.run(rows, task.scaling.forward(validation), report)
        bar.set_postfix_str(f"done, best loss {fitter.progress.best_loss:.4f}")
