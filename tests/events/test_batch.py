from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.batch import OBJECT_FLOATS, EventBatch, concatenate
from events.objects import ObjectType
from tests.support.event_strategies import event_batches


def make_batch(objects: list[list[tuple[int, float]]], process: str = "ttbar") -> EventBatch:
    """Events given as lists of (type, pT in GeV)."""
    flat = [thing for event in objects for thing in event]
    n, m = len(objects), len(flat)
    pt = np.array([pt for _, pt in flat], np.float32)
    return EventBatch(
        processes=(process,),
        process_index=np.zeros(n, np.int32),
        event_id=np.arange(n),
        weight=np.ones(n, np.float32),
        met=np.full(n, 50, np.float32),
        met_phi=np.zeros(n, np.float32),
        offsets=np.cumsum([0, *map(len, objects)]).astype(np.int32),
        type=np.array([type_ for type_, _ in flat], np.int8),
        E=pt * 2,
        pt=pt,
        eta=np.zeros(m, np.float32),
        phi=np.zeros(m, np.float32),
    )


EVENTS = [[(0, 30.0), (1, 70.0)], [], [(6, 40.0), (3, 20.0), (2, 33.0), (0, 25.0)]]


def test_masks_count_the_objects_of_each_type() -> None:
    masks = make_batch(EVENTS).masks()
    assert masks.tolist() == [[1, 1, 0, 0, 0, 0, 0], [0] * 7, [1, 0, 1, 1, 0, 0, 1]]


def test_slice_equals_take_of_the_same_events() -> None:
    batch = make_batch(EVENTS)
    by_slice, by_take = batch.slice(1, 3), batch.take(np.array([1, 2]))
    assert by_slice.offsets.tolist() == by_take.offsets.tolist() == [0, 0, 4]
    assert by_slice.pt.tolist() == by_take.pt.tolist() == [40, 20, 33, 25]


def test_take_by_mask_and_in_any_order() -> None:
    batch = make_batch(EVENTS)
    assert batch.take(np.array([True, False, True])).event_id.tolist() == [0, 2]
    reversed_ = batch.take(np.array([2, 0]))
    assert reversed_.event_id.tolist() == [2, 0]
    assert reversed_.pt.tolist() == [40, 20, 33, 25, 30, 70]


def test_sort_objects_gives_the_order_of_real_files() -> None:
    batch = make_batch(EVENTS).sort_objects()
    assert batch.type.tolist() == [
        ObjectType.B_JET, ObjectType.JET,
        ObjectType.JET, ObjectType.ELECTRON, ObjectType.POSITRON, ObjectType.PHOTON,
    ]  # fmt: skip


@given(event_batches())
def test_sort_objects_is_stable_by_event_group_and_descending_pt(batch: EventBatch) -> None:
    group = np.array([0, 0, 1, 1, 2, 2, 3])[batch.type]
    order = np.lexsort((-batch.pt, group, batch.event_index))
    ordered = batch.sort_objects()
    for name in ("type", *OBJECT_FLOATS):
        np.testing.assert_array_equal(getattr(ordered, name), getattr(batch, name)[order])


@given(event_batches(), st.randoms(use_true_random=False))
def test_kept_objects_stay_in_their_events(batch: EventBatch, random: Random) -> None:
    chosen = np.array([random.random() < 0.5 for _ in range(batch.n_objects)], np.bool_)
    kept = batch.keep_objects(chosen)
    assert kept.event_index.tolist() == batch.event_index[chosen].tolist()
    assert kept.eta.tolist() == batch.eta[chosen].tolist()
    assert kept.event_id.tolist() == batch.event_id.tolist()


def test_concatenate_merges_processes() -> None:
    both = concatenate([make_batch(EVENTS), make_batch(EVENTS, "stop_02")])
    assert both.processes == ("ttbar", "stop_02")
    assert both.process_index.tolist() == [0, 0, 0, 1, 1, 1]
    assert both.slice(3, 6).masks().tolist() == make_batch(EVENTS).masks().tolist()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"offsets": np.array([0, 2, 2, 5], np.int32)}, "offsets must rise"),
        ({"offsets": np.array([0, 3, 2, 6], np.int32)}, "offsets must rise"),
        ({"met": np.zeros(2, np.float32)}, r"met must be float32\[3\]"),
        ({"pt": np.zeros(6)}, "pt must be float32"),
        ({"type": np.full(6, 7, np.int8)}, "object types"),
        ({"process_index": np.ones(3, np.int32)}, "process indices"),
    ],
)
def test_contradictory_columns_are_refused(change: dict[str, object], message: str) -> None:
    batch = make_batch(EVENTS)
    columns = {name: getattr(batch, name) for name in EventBatch.__dataclass_fields__}
    with pytest.raises(ValueError, match=message):
        EventBatch(**(columns | change))
