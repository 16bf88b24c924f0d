"""Refine a model on the shelf: learn what still tells its events from truth, and have that thrown away.

For given numbers of objects, the events of the refined model have the density q min(w, limit), up to its
norm: q is that of the model, w the ratio of truth's to it as far as boosted trees see it (rejection sampling
by a classifier's weights: Cranmer et al., arXiv:1506.02169; for generators Diefenbacher et al.,
arXiv:2009.03796).
"""

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass as checked_dataclass
from tqdm import tqdm

from events.batch import OBJECT_FLOATS, Floats
from models.manifest import EventsManifest, Manifest, Provenance, RefinedEventsManifest, describe_files
from models.shelf import Artefact
from service.generator import model_name
from service.sampler import Sampler
from training.config import STRICT, TrainingConfig
from training.data.cache import Tables, build_tables
from training.data.slots import SLOT_TABLE, SlotLayout
from training.data.split import Split
from training.evaluation.sources import with_file_digits
from training.event_rows import slot_rows
from training.export import git_commit, put_on_shelf
from training.onnx_export import as_tensors
from training.refinement.acceptance import Acceptance
from training.refinement.observables import CLOSEST_JETS, observable_matrix
from training.refinement.trees import Labelled, TreesConfig, fit_trees

SUFFIX: Final = "-refined"
"""What the name of a refined model ends in."""

_ROWS: Final = 16_384


@checked_dataclass(frozen=True, slots=True, config=STRICT)
class RefineConfig:
    """How a model is refined.

    Attributes:
        events: True events at most, and as many generated ones, to learn from.
        limit: Weight from which an event is kept for certain: one event in `limit` is kept, and truth that
            is more than `limit` times as likely as the model makes it stays rare.
        seed: Of the trees and of the generated events.
        trees: How they are fitted.
    """

    events: Annotated[int, Field(ge=1000)] = 1_000_000
    limit: Annotated[float, Field(ge=1, le=10)] = 1.4
    seed: Annotated[int, Field(ge=0)] = 1
    trees: TreesConfig = TreesConfig()


@dataclass(frozen=True, slots=True)
class Refined:
    """What came of it.

    Attributes:
        folder: Of the new artefact.
        kept: Share of the model's events that is kept.
    """

    folder: Path
    kept: float


def refine(
    base: Artefact,
    data: Sequence[Path],
    shelf: Path,
    config: RefineConfig,
    *,
    cache: Path,
    model_version: str = "1",
    progress: bool = True,
) -> Refined:
    """Put the refined model on a shelf, beside the name of the one it is made of.

    Args:
        base: A model that makes whole events.
        data: The files that it learnt from, in the same order. Only events that it learnt from are read.
        shelf: Where it goes.
        config: How.
        cache: Where the tables of the data are or go.
        model_version: Of the new model.
        progress: Whether to show progress bars.

    Raises:
        ValueError: If the model does not make whole events, is refined already or learnt from other files.
    """
    manifest = _refinable(base)
    layout = SlotLayout.any_type(manifest.events.slots)
    tables = _tables(manifest, data, layout, cache, progress=progress)
    true = [_true(tables, split, layout, config.events) for split in (Split.TRAIN, Split.VALIDATION)]
    sizes = [len(one) for one in true]
    generated = np.split(_generated(base, layout, sum(sizes), config.seed, progress=progress), sizes[:1])
    train, validation = (Labelled.of(*both) for both in zip(true, generated, strict=True))
    trees = fit_trees(train, validation, config.trees, seed=config.seed)
    acceptance = Acceptance(trees, config.limit, _least_distance(true[0]))
    kept = float(acceptance(generated[1]).mean())

    def fill(folder: Path) -> Manifest:
        for name in manifest.all_files:
            shutil.copyfile(base.folder / name, folder / name)
        graph = acceptance.export(manifest.events.slots, folder / "acceptance.onnx")
        return RefinedEventsManifest(
            **manifest.model_dump(exclude={"pipeline", "model", "version", "files", "figures", *_REWORDED}),
            acceptance=graph,
            model=f"{manifest.model}{SUFFIX}",
            version=model_version,
            description=f"{manifest.description}, refined by boosted trees",
            files=describe_files(folder, [path.name for path in folder.iterdir()]),
            training=_provenance(manifest.training, config),
            reference=f"{manifest.reference}; its events weighted as in arXiv:1506.02169",
            notes=(*manifest.notes, *_notes(config, kept)),
        )

    return Refined(put_on_shelf(shelf / manifest.process / f"{manifest.model}{SUFFIX}", fill), kept)


def _refinable(base: Artefact) -> EventsManifest:
    manifest = base.manifest
    if isinstance(manifest, EventsManifest) and not isinstance(manifest, RefinedEventsManifest):
        return manifest
    raise ValueError(
        f"{model_name(manifest)} cannot be refined: only models of whole events can, and only once"
    )


_REWORDED: Final = ("description", "training", "reference", "notes")


def _tables(
    manifest: EventsManifest, data: Sequence[Path], layout: SlotLayout, cache: Path, *, progress: bool
) -> Tables:
    """The events that a model learnt from.

    Raises:
        ValueError: If the files are others.
    """
    fractions = TrainingConfig.from_dict(manifest.training.config).split
    tables = build_tables(data, cache, fractions, layout, progress=progress)
    if list(tables.sha256.values()) != list(manifest.training.data.files.values()):
        wanted = ", ".join(manifest.training.data.files)
        raise ValueError(
            f"{model_name(manifest)} learnt from other files: give {wanted}, unchanged and in "
            "this order, so that no event that judges it is learnt from"
        )
    return tables


def _true(tables: Tables, split: Split, layout: SlotLayout, most: int) -> Floats:
    """Observables of true events, float32[n, k]."""
    return _observables(slot_rows(tables.path(split, SLOT_TABLE)), layout)[:most]


def _least_distance(true: Floats) -> float:
    """The least Delta-R of two jets in any true event; 0 if none has two."""
    closest = true[:, CLOSEST_JETS]
    return float(np.min(closest, where=closest >= 0, initial=np.inf)) if (closest >= 0).any() else 0.0


def _generated(base: Artefact, layout: SlotLayout, n: int, seed: int, *, progress: bool) -> Floats:
    """Observables of generated events, with the digits that files have, float32[n, k]."""

    def rows() -> Iterator[Floats]:
        with tqdm(desc="generating", total=n, unit=" events", unit_scale=True, disable=not progress) as bar:
            for task in Sampler.open(base).slice(n, seed).tasks():
                events = task().events
                yield layout.rows(with_file_digits(events))
                bar.update(len(events))

    return _observables(rows(), layout)


def _observables(rows: Iterable[Floats], layout: SlotLayout) -> Floats:
    """Those of rows of the table of slots, in parts small enough to stay in the cache."""
    function = tf.function(observable_matrix, reduce_retracing=True)
    parts = [
        function(_inputs(layout, some)).numpy()
        for many in rows
        for some in np.split(many, range(_ROWS, len(many), _ROWS))
    ]
    return np.concatenate(parts)


def _inputs(layout: SlotLayout, rows: Floats) -> dict[str, tf.Tensor]:
    """What an acceptance graph takes, from rows of the table of slots."""
    met, types, objects = layout.split(rows)
    floats = {name: objects[..., i] for i, name in enumerate(OBJECT_FLOATS)}
    floats |= {"met": met[:, :1], "met_phi": met[:, 1:]}
    return {"type": tf.constant(types)} | as_tensors(floats)


def _provenance(training: Provenance, config: RefineConfig) -> Provenance:
    """That of the model, and how it was refined."""
    return training.model_copy(
        update={
            "config": training.config | {"refinement": asdict(config)},
            "versions": training.versions | {"scikit-learn": version("scikit-learn")},
            "git_commit": git_commit(),
            "created": dt.datetime.now(dt.UTC).date(),
        }
    )


def _notes(config: RefineConfig, kept: float) -> tuple[str, ...]:
    return (
        (
            "Refined: boosted trees, fitted to tell the model's events from the training events, give each "
            f"event a weight; it is kept with the probability weight / {config.limit:g}, else drawn again "
            f"with the same numbers of objects. {kept:.0%} are kept."
        ),
        "Refined events have no two jets nearer to each other than those of the training events have.",
        (
            "Refined events have no exact likelihood. With validity=all come the events before "
            "refinement, with validity=weighted those that pass the selection, with the probability that "
            "they are kept as weight."
        ),
    )
