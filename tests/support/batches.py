"""Comparing event batches."""

import numpy as np

from events.batch import EVENT_FLOATS, OBJECT_FLOATS, EventBatch

COLUMNS = ("event_id", "process_index", "offsets", "type", *EVENT_FLOATS, *OBJECT_FLOATS)


def assert_same_events(first: EventBatch, second: EventBatch) -> None:
    """Both batches hold the same events, bit for bit."""
    assert first.processes == second.processes
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name), err_msg=name)
