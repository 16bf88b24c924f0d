"""Tune a fitted model: let it learn from events of its own, weighted by how much likelier truth is.

A fit by maximum likelihood spends what it can learn on all of the likelihood, most of which no classifier
would notice. Boosted trees tell what one does notice: their odds w weigh the model's events, and the model is
fitted to these. Truth enters by the trees alone, so tuning cannot learn training events by heart. It is the
weighting of `training.refinement.refine`, learnt by the network in place of drawing events again.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from models.shelf import Artefact
from training.architectures import load_architecture
from training.architectures.base import Tunable, WeightedRows
from training.config import TuneConfig
from training.data.cache import Tables
from training.data.slots import SlotLayout
from training.export import export
from training.progress import Progress
from training.refinement.samples import (
    RefineConfig,
    generated_rows,
    learn_acceptance,
    learnt_tables,
    observables_of,
)
from training.run import Run

_VALIDATION_SHARE: Final = 0.04
_SEEDS: Final = 1000
"""Seeds of events to tune with begin here: those that the judge asks for are small."""


def tune(
    run: Run,
    data: Sequence[Path],
    *,
    cache: Path,
    progress: bool = True,
    report: Callable[[int, Progress], None] = lambda _round, _progress: None,
) -> int:
    """Do all rounds that the configuration of a run asks for, or go on where they were stopped.

    Args:
        run: A trained run.
        data: The files that it learnt from, in the same order. Only events that it learnt from are read.
        cache: Where the tables of the data are or go.
        progress: Whether to show progress bars.
        report: Called with the number of the round and the progress of its fit.

    Returns:
        How many rounds were done.

    Raises:
        ValueError: If the model cannot be tuned, or the files are others or in another order.
        FileNotFoundError: If the model has not been trained.
    """
    config = run.training_config
    architecture = load_architecture(config.architecture)
    if not isinstance(architecture, Tunable) or not architecture.rounds(run):
        raise ValueError(f"{run.process}/{config.model} cannot be tuned: its configuration has no [[tune]]")
    layout = architecture.layout(config)
    tables = learnt_tables(run.data, data, config.split, layout, cache, progress=progress)
    done = architecture.tuned(run)
    rounds = architecture.rounds(run)[done:]
    for round_, tuning in enumerate(rounds, done + 1):
        train, validation = _weighted(run, tables, layout, tuning, _SEEDS * round_, progress=progress)
        architecture.tune(run, train, validation, lambda p, r=round_: report(r, p))  # type: ignore[misc]
    return len(rounds)


def _weighted(
    run: Run, tables: Tables, layout: SlotLayout, tuning: TuneConfig, seed: int, *, progress: bool
) -> tuple[WeightedRows, WeightedRows]:
    """Events of the model as it is, to tune it with and to validate on: none of those that trees saw."""
    with TemporaryDirectory() as shelf:
        model = Artefact.open(export(run, Path(shelf)))
        config = RefineConfig(tuning.events, tuning.limit, seed)
        acceptance, _ = learn_acceptance(model, tables, layout, config, progress=progress)
        rows = np.concatenate(list(generated_rows(model, layout, tuning.events, seed + 1, progress=progress)))
    weights = acceptance(observables_of([rows], layout))
    weights = (weights / weights.mean()).astype(np.float32)
    held_out = int(len(rows) * _VALIDATION_SHARE)
    return (
        WeightedRows(rows[held_out:], weights[held_out:]),
        WeightedRows(rows[:held_out], weights[:held_out]),
    )
