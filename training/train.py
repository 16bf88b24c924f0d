"""Train a model: its networks side by side on the cores, each in a process of its own."""

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from service.runtime import usable_cores
from training.architectures import load_architecture
from training.architectures.base import Architecture
from training.config import TrainingConfig
from training.data.cache import Tables, build_tables
from training.progress import Progress
from training.run import Run


@dataclass(frozen=True, slots=True)
class NetworkTask:
    """One network to fit, with all that a worker process needs to know."""

    run: Run
    tables: Tables
    network: str
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
    settings = TrainingConfig.from_dict(config)
    architecture = load_architecture(settings.architecture)
    tables = build_tables(data, cache, settings.split, architecture.layout(settings), progress=progress)
    run = Run(folder, process, config, generator, tables.sha256, tables.events)
    run.begin()
    architecture.prepare(run, tables)
    tasks = [
        NetworkTask(run, tables, network, bar, progress)
        for bar, network in enumerate(architecture.networks(run, tables))
    ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers or usable_cores(), mp_context=context, initializer=_begin_worker, initargs=(context.RLock(),)
    ) as pool:
        for _ in pool.map(_fit_network, tasks):
            pass
        pool.submit(_finish, run, tables).result()
    return run


def _begin_worker(lock: Any) -> None:  # noqa: ANN401 # multiprocessing does not name the type of its locks
    tqdm.set_lock(lock)
    import tensorflow as tf  # noqa: PLC0415 # takes seconds, and only workers compute

    # Networks run side by side: one thread each wastes nothing on layers as small as these.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def _architecture(run: Run) -> Architecture:
    return load_architecture(run.training_config.architecture)


def _finish(run: Run, tables: Tables) -> None:
    _architecture(run).finish(run, tables)


def _fit_network(task: NetworkTask) -> None:
    with tqdm(
        desc=f"{task.network:>5} network", unit="epoch", position=task.bar, disable=not task.progress
    ) as bar:

        def report(progress: Progress) -> None:
            bar.update(progress.epoch - bar.n)
            if progress.losses:
                bar.set_postfix(loss=f"{progress.losses[-1][1]:.4f}", best=f"{progress.best_loss:.4f}")

        _architecture(task.run).fit(task.run, task.tables, task.network, report)
