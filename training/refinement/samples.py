"""What trees learn from: observables of events that a model learnt from, and of events that it makes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass as checked_dataclass
from tqdm import tqdm

from events.batch import OBJECT_FLOATS, Floats
from models.shelf import Artefact
from service.sampler import Sampler
from training.config import STRICT
from training.data.cache import Tables, build_tables
from training.data.slots import SLOT_TABLE, SlotLayout
from training.data.split import Split, SplitFractions
from training.evaluation.classifiers import Labelled
from training.evaluation.sources import with_file_digits
from training.event_rows import slot_rows
from training.onnx_export import as_tensors
from training.refinement.acceptance import Acceptance
from training.refinement.observables import CLOSEST_JETS, observable_matrix
from training.refinement.trees import TreesConfig, fit_trees

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
    limit: Annotated[float, Field(ge=1, le=10)] = 1.1
    seed: Annotated[int, Field(ge=0)] = 1
    trees: TreesConfig = TreesConfig()


def learnt_tables(
    learnt: Mapping[str, str],
    data: Sequence[Path],
    fractions: SplitFractions,
    layout: SlotLayout,
    cache: Path,
    *,
    progress: bool,
) -> Tables:
    """The events that a model learnt from.

    Args:
        learnt: Digests of the files that it learnt from, by their names then.
        data: These files, in the same order.
        fractions: Which of their events it learnt from.
        layout: Of the rows.
        cache: Where the tables are or go.
        progress: Whether to show progress bars.

    Raises:
        ValueError: If the files are others, or in another order.
    """
    tables = build_tables(data, cache, fractions, layout, progress=progress)
    if list(tables.sha256.values()) != list(learnt.values()):
        raise ValueError(
            f"the model learnt from other files: give {', '.join(learnt)}, unchanged and in this order, "
            "so that no event that judges it is learnt from"
        )
    return tables


def learn_acceptance(
    base: Artefact,
    tables: Tables,
    layout: SlotLayout,
    config: RefineConfig,
    *,
    progress: bool = True,
) -> tuple[Acceptance, float]:
    """The acceptance of a model's events, and the share of them that it keeps.

    Args:
        base: The model.
        tables: Of the events that it learnt from.
        layout: Of the rows of these tables.
        config: How it is learnt.
        progress: Whether to show progress bars.
    """
    true = [_true(tables, split, layout, config.events) for split in (Split.TRAIN, Split.VALIDATION)]
    sizes = [len(one) for one in true]
    made = observables_of(generated_rows(base, layout, sum(sizes), config.seed, progress=progress), layout)
    generated = np.split(made, sizes[:1])
    train, validation = (Labelled.of(*both) for both in zip(true, generated, strict=True))
    fitted = fit_trees(train, validation, config.trees, seed=config.seed)
    acceptance = Acceptance(fitted, config.limit, _least_distance(true[0]))
    return acceptance, float(acceptance(generated[1]).mean())


def generated_rows(
    model: Artefact, layout: SlotLayout, n: int, seed: int, *, progress: bool
) -> Iterator[Floats]:
    """Rows of the table of slots of generated events, with the digits that files have."""
    with tqdm(desc="generating", total=n, unit=" events", unit_scale=True, disable=not progress) as bar:
        for task in Sampler.open(model).slice(n, seed).tasks():
            events = task().events
            yield layout.rows(with_file_digits(events))
            bar.update(len(events))


def observables_of(rows: Iterable[Floats], layout: SlotLayout) -> Floats:
    """Those of rows of the table of slots, float32[n, k], in parts small enough to stay in the cache."""
    function = tf.function(observable_matrix, reduce_retracing=True)
    parts = [
        function(_inputs(layout, some)).numpy()
        for many in rows
        for some in np.split(many, range(_ROWS, len(many), _ROWS))
    ]
    return np.concatenate(parts)


def _true(tables: Tables, split: Split, layout: SlotLayout, most: int) -> Floats:
    """Observables of true events, float32[n, k]."""
    return observables_of(slot_rows(tables.path(split, SLOT_TABLE)), layout)[:most]


def _least_distance(true: Floats) -> float:
    """The least Delta-R of two jets in any true event; 0 if none has two."""
    closest = true[:, CLOSEST_JETS]
    return float(np.min(closest, where=closest >= 0, initial=np.inf)) if (closest >= 0).any() else 0.0


def _inputs(layout: SlotLayout, rows: Floats) -> dict[str, tf.Tensor]:
    """What an acceptance graph takes, from rows of the table of slots."""
    met, types, objects = layout.split(rows)
    floats = {name: objects[..., i] for i, name in enumerate(OBJECT_FLOATS)}
    floats |= {"met": met[:, :1], "met_phi": met[:, 1:]}
    return {"type": tf.constant(types)} | as_tensors(floats)
