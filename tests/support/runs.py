"""Fits that are stopped and resumed, and what comes of them."""

from pathlib import Path

import numpy as np

from events.batch import Floats
from models.shelf import Shelf
from service.sampler import Sampler
from training.architectures import load_architecture
from training.data.cache import Tables
from training.export import export
from training.progress import Progress
from training.run import Run


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
