from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import ExitStack, closing
from threading import Event, Lock
from time import sleep

import pytest

from service.workers import Lane, Workers


@pytest.fixture
def workers() -> Iterator[Workers]:
    """One thread, so that the order of work is the order of choice."""
    with closing(Workers(1)) as workers:
        yield workers


def held(lane: Lane) -> Event:
    """Keep the only thread busy until the event is set."""
    begun, gate = Event(), Event()

    def wait() -> None:
        begun.set()
        assert gate.wait(10)

    lane.submit(wait)
    assert begun.wait(10)
    return gate


def step(order: list[str], name: str, seconds: float = 0.005) -> Callable[[], None]:
    """A task that takes a while and leaves its name."""

    def run() -> None:
        sleep(seconds)
        order.append(name)

    return run


def test_results_and_errors_reach_who_asked(workers: Workers) -> None:
    with workers.lane() as lane:
        assert lane.submit(lambda: 7).result(10) == 7
        with pytest.raises(ZeroDivisionError):
            lane.submit(lambda: 1 // 0).result(10)
        assert lane.submit(lambda: 8).result(10) == 8


def test_lanes_with_equal_tasks_take_turns(workers: Workers) -> None:
    order: list[str] = []
    with workers.lane() as hold, workers.lane() as a, workers.lane() as b:
        gate = held(hold)
        futures = [lane.submit(step(order, name)) for lane, name in ((a, "a"), (b, "b")) for _ in range(6)]
        gate.set()
        for future in futures:
            future.result(10)
    counts = [abs(order[:n].count("a") - order[:n].count("b")) for n in range(1, 13)]
    assert max(counts) <= 2


def test_lanes_share_time_and_not_tasks(workers: Workers) -> None:
    order: list[str] = []
    with workers.lane() as hold, workers.lane() as slow, workers.lane() as quick:
        gate = held(hold)
        futures = [slow.submit(step(order, "slow", 0.05)) for _ in range(3)]
        futures += [quick.submit(step(order, "quick")) for _ in range(12)]
        gate.set()
        for future in futures:
            future.result(10)
    assert order.index("slow", 2) > 8


def test_an_idle_lane_saves_up_nothing(workers: Workers) -> None:
    order: list[str] = []
    with workers.lane() as busy, workers.lane() as idle:
        for _ in range(10):
            busy.submit(lambda: sleep(0.01)).result(10)
        with workers.lane() as hold:
            gate = held(hold)
        futures = [busy.submit(step(order, "busy")) for _ in range(5)]
        futures += [idle.submit(step(order, "idle")) for _ in range(20)]
        gate.set()
        for future in futures:
            future.result(10)
    assert order.count("busy") == 5
    assert "busy" in order[:12]


def test_a_first_task_goes_before_those_that_wait(workers: Workers) -> None:
    order: list[str] = []
    with workers.lane() as lane:
        gate = held(lane)
        last = [lane.submit(step(order, name)) for name in ("second", "third")][-1]
        lane.submit_first(step(order, "first"))
        gate.set()
        last.result(10)
    assert order == ["first", "second", "third"]


def test_futures_come_in_order() -> None:
    with closing(Workers(3)) as workers, workers.lane() as lane:
        tasks = [lambda number=number: number for number in range(50)]
        assert [future.result(10) for future in lane.in_order(tasks)] == list(range(50))


def test_work_runs_ahead_by_no_more_than_the_window() -> None:
    begun, lock = 0, Lock()

    def count() -> None:
        nonlocal begun
        with lock:
            begun += 1

    with closing(Workers(2)) as workers, workers.lane() as lane:
        futures = lane.in_order([count] * 20)
        for taken in range(3):
            next(futures).result(10)
            lane.submit(lambda: None).result(10)
            assert begun <= workers.window + taken
        futures.close()


@pytest.mark.parametrize(("lanes", "window"), [(1, 9), (2, 5), (8, 2), (100, 2)])
def test_the_window_shrinks_as_lanes_are_added(lanes: int, window: int) -> None:
    with closing(Workers(8)) as workers, ExitStack() as stack:
        for _ in range(lanes):
            stack.enter_context(workers.lane())
        assert workers.window == window


def test_closing_the_iterator_cancels_what_has_not_begun(workers: Workers) -> None:
    ran: list[int] = []
    with workers.lane() as lane:
        gate = held(lane)
        futures = lane.in_order([lambda: ran.append(1)] * 3)
        next(futures)
        futures.close()
        gate.set()
        lane.submit(lambda: None).result(10)
    assert len(ran) <= 1


def test_closing_cancels_what_has_not_begun_and_ends_the_threads() -> None:
    workers = Workers(1)
    with workers.lane() as lane:
        gate = held(lane)
        waiting = lane.submit(lambda: None)
        gate.set()
        workers.close()
        if waiting.cancelled():
            with pytest.raises(CancelledError):
                waiting.result(10)
        with pytest.raises(RuntimeError, match="closed"):
            lane.submit(lambda: None)
