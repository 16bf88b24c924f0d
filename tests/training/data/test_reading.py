from collections.abc import Iterator

import pytest

from events.batch import EventBatch
from tests.support.synthetic import synthetic_events
from training.data.reading import first_events


def batches(n: int) -> Iterator[EventBatch]:
    whole = synthetic_events(n, seed=2)
    for start in range(0, n, 10):
        yield whole.slice(start, start + 10)


@pytest.mark.parametrize(("n", "found"), [(1, 1), (10, 10), (25, 25), (100, 40)])
def test_the_first_events_come_in_order(n: int, found: int) -> None:
    assert first_events(batches(40), n).event_id.tolist() == list(range(found))


def test_no_more_is_read_than_needed() -> None:
    stream = batches(40)
    first_events(stream, 10)
    assert next(stream).event_id[0] == 10
