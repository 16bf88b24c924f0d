import numpy as np

from events.batch import EventBatch
from events.selection import events_pass_criterion, objects_pass, valid_events
from training.simulate.selection import select


def test_all_that_is_kept_is_valid(reconstructed: EventBatch) -> None:
    kept = select(reconstructed)
    assert 0.8 < len(kept) / len(reconstructed) <= 1
    assert np.all(valid_events(kept))


def test_only_objects_that_fail_are_dropped(reconstructed: EventBatch) -> None:
    kept = select(reconstructed)
    same = reconstructed.take(np.isin(reconstructed.event_id, kept.event_id))
    np.testing.assert_array_equal(same.pt[objects_pass(same)], kept.pt)


def test_an_event_is_dropped_if_only_a_dropped_object_saves_it(reconstructed: EventBatch) -> None:
    kept = set(select(reconstructed).event_id.tolist())
    failing = reconstructed.event_id[~events_pass_criterion(reconstructed)]
    assert not kept & set(failing.tolist())
