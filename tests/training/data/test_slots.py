from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from events.batch import EventBatch
from events.files import write_events
from events.objects import SYMBOLS
from tests.support.synthetic import synthetic_events
from training.data.cache import build_tables
from training.data.reading import read_split
from training.data.slots import SLOT_TABLE, SlotLayout, covered
from training.data.split import Split, SplitFractions

ANY = SlotLayout.any_type(8)
TYPED = SlotLayout.by_type([4, 2, 0, 0, 1, 0, 0])
LAYOUTS = pytest.mark.parametrize("layout", [ANY, TYPED], ids=["any", "typed"])


def plain_slots(layout: SlotLayout, batch: EventBatch, event: int) -> list[tuple[float, ...]]:
    """Type, E, pt, eta and phi of each slot of one event, one object at a time."""
    free = list(enumerate(layout.types))
    slots: list[tuple[float, ...]] = [(-1, 0, 0, 0, 0)] * len(layout.types)
    for i in range(batch.offsets[event], batch.offsets[event + 1]):
        place = next(entry for entry in free if entry[1] in {None, int(batch.type[i])})
        free.remove(place)
        values = (batch.type[i], batch.E[i], batch.pt[i], batch.eta[i], batch.phi[i])
        slots[place[0]] = tuple(map(float, values))
    return slots


@LAYOUTS
def test_rows_equal_their_plain_twin(layout: SlotLayout) -> None:
    batch = synthetic_events(400, seed=2)
    batch = batch.take(layout.select(batch))
    met, types, objects = layout.split(layout.rows(batch))
    assert len(batch) > 20
    assert np.array_equal(met, np.column_stack([batch.met, batch.met_phi]))
    for event in range(len(batch)):
        found = np.column_stack([types[event], objects[event]]).tolist()
        assert [tuple(row) for row in found] == plain_slots(layout, batch, event)


@LAYOUTS
def test_events_that_do_not_fit_are_left_out(layout: SlotLayout) -> None:
    batch = synthetic_events(2000, seed=2)
    chosen = layout.select(batch)
    for mask, fits in zip(batch.masks().tolist(), chosen.tolist(), strict=True):
        limits = [layout.types.count(type_) for type_ in range(len(SYMBOLS))]
        typed = all(count <= limit for count, limit in zip(mask, limits, strict=True))
        assert fits == (typed if layout is TYPED else sum(mask) <= 8)


def test_the_table_holds_the_rows_and_counts_only_chosen_events(tmp_path: Path) -> None:
    source, fractions = tmp_path / "events.csv", SplitFractions(0.6, 0.2)
    write_events(source, [synthetic_events(3000, seed=4)])
    tables = build_tables([source], tmp_path / "cache", fractions, TYPED, progress=False)
    (batch,) = read_split([source], Split.TRAIN, fractions)
    chosen = batch.take(TYPED.select(batch))
    stored = pq.read_table(tables.path(Split.TRAIN, SLOT_TABLE))
    assert stored.column_names == list(TYPED.columns)
    assert np.array_equal(np.column_stack([c.to_numpy() for c in stored.columns]), TYPED.rows(chosen))
    assert tables.events[Split.TRAIN] == tables.rows[Split.TRAIN][SLOT_TABLE] == len(chosen)


def test_a_file_without_fitting_events_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "events.csv"
    write_events(source, [synthetic_events(300, seed=4)])
    with pytest.raises(ValueError, match="no training event"):
        build_tables(
            [source],
            tmp_path / "cache",
            SplitFractions(0.6, 0.2),
            SlotLayout.by_type([0] * 6 + [1]),
            progress=False,
        )


def test_a_model_covers_the_events_that_it_could_learn() -> None:
    batch = synthetic_events(500, seed=2)
    assert covered(batch, None).all()
    few = batch.take(covered(batch, {"j": 4, "b": 2})).masks()
    assert len(few)
    assert (few <= [4, 2, 0, 0, 0, 0, 0]).all()
