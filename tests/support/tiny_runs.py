"""Trainings of every architecture, as small as they can be."""

from pathlib import Path
from typing import Any, Final

import numpy as np

from events.batch import EventBatch
from events.files import write_events
from events.objects import ObjectType
from tests.support.synthetic import synthetic_events
from training.architectures import load_architecture
from training.config import TrainingConfig, load_config
from training.data.cache import Tables, build_tables
from training.run import Run

_SMALL: Final = {
    "latent": 4, "embedding": 4, "encodings": 300, "epochs": 1, "patience": 1, "batch_size": 100,
    "components": 3, "iterations": 5, "layers": 2, "bins": 32, "critic_steps": 1,
    "width": 8, "attention": 8, "feedforward": 8, "hidden": 8, "pair": 8, "least_steps": 1,
}  # fmt: skip
_TYPES: Final = (ObjectType.JET, ObjectType.B_JET, ObjectType.MUON)


def tiny_config(name: str) -> dict[str, Any]:
    """A shipped configuration with layers of 8 units, a few latent dimensions and one epoch."""
    shrunk: dict[str, Any] = _shrunk(load_config(name))
    return shrunk


def tiny_events(n: int, seed: int) -> EventBatch:
    """Events of jets, b-jets and muons."""
    batch = synthetic_events(n, seed, mean_objects=3)
    few = np.isin(batch.masks().argmax(axis=1), _TYPES) & (np.delete(batch.masks(), _TYPES, axis=1) == 0).all(
        axis=1
    )
    return batch.take(few)


def prepared_run(folder: Path, config: dict[str, Any], events: EventBatch) -> tuple[Run, Tables]:
    """A run that is ready for its fits."""
    source = folder / "events.csv"
    write_events(source, [events])
    settings = TrainingConfig.from_dict(config)
    architecture = load_architecture(settings.architecture)
    tables = build_tables(
        [source], folder / "tables", settings.split, architecture.layout(settings), progress=False
    )
    run = Run(folder / "run", "ttbar", config, "made-up events", tables.sha256, tables.events)
    run.begin()
    architecture.prepare(run, tables)
    return run, tables


def finished_run(folder: Path, config: dict[str, Any], events: EventBatch) -> Run:
    """A run with everything that an export needs, made in this process."""
    run, tables = prepared_run(folder, config, events)
    architecture = load_architecture(run.training_config.architecture)
    for network in architecture.networks(run, tables):
        architecture.fit(run, tables, network, lambda _: None)
    architecture.finish(run, tables)
    return run


def _shrunk(value: Any, name: str = "") -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _shrunk(inner, key) for key, inner in value.items()}
    if name == "strata":
        return []
    if isinstance(value, list):
        return [_shrunk(inner) if isinstance(inner, dict) else 8 for inner in value]
    return min(_SMALL[name], value) if name in _SMALL else value
