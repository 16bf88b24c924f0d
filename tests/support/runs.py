"""Trainings of architectures on made-up events, within one process."""

from pathlib import Path
from typing import Any

import numpy as np

from events.batch import Floats
from events.files import write_events
from models.shelf import Shelf
from service.sampler import Sampler
from tests.support.synthetic import synthetic_events
from training.architectures import load_architecture
from training.config import TrainingConfig
from training.data.cache import Tables, build_tables
from training.export import export
from training.progress import Progress
from training.run import Run

EVENTS = 400


def prepared_run(config: dict[str, Any], folder: Path) -> tuple[Run, Tables]:
    """A run on made-up events that has yet to be fitted, and its data."""
    folder.mkdir(parents=True)
    data = folder / "events.arrow"
    write_events(data, [synthetic_events(EVENTS, seed=1, mean_objects=3)])
    checked = TrainingConfig.from_dict(config)
    architecture = load_architecture(checked.architecture)
    tables = build_tables(
        [data], folder / "cache", checked.split, architecture.layout(checked), progress=False
    )
    run = Run(folder / "run", "ttbar", config, "made up", tables.sha256, tables.events)
    run.begin()
    architecture.prepare(run, tables)
    return run, tables


class StoppedError(Exception):
    """A fit was stopped."""


def fit(run: Run, tables: Tables, network: str, *, stop_after: int | None = None) -> Progress:
    """Fit a network of a run, or go on; how it went.

    Raises:
        StoppedError: After so many epochs in all, as if the process had been killed.
    """
    seen: list[Progress] = []

    def report(progress: Progress) -> None:
        seen.append(progress)
        if progress.epoch == stop_after:
            raise StoppedError

    load_architecture(run.training_config.architecture).fit(run, tables, network, report)
    return seen[-1]


def checkpoint(run: Run, network: str) -> list[Floats]:
    """All that the last checkpoint of a network holds but the progress."""
    with np.load(run.network_folder(network) / "last.npz") as stored:
        return [stored[name] for name in stored.files if name != "progress"]


def exported(run: Run, shelf: Path) -> Sampler:
    """The model of a fitted run, as it is served."""
    export(run, shelf)
    return Sampler.open(Shelf.open(shelf).get(run.process, run.training_config.model))
