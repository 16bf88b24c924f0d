"""Threads that generate and encode, shared fairly among the requests that need them."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Task: TypeAlias = tuple[Callable[[], Any], Future[Any]]


class Workers:
    """A fixed number of threads, and the lanes of tasks that they work on: one lane a request.

    A free thread takes the next task of the lane that has had the least time so far (start-time fair
    queueing; Goyal, Vin and Cheng, SIGCOMM 1996, doi:10.1145/248156.248171). So requests that run side by
    side advance at the same pace, whatever their blocks cost, and a new one need not wait for the others.

    Attributes:
        threads: How many there are.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._changed = threading.Condition()
        self._waiting: list[Lane] = []
        self._lanes = 0
        self._clock = 0.0
        self._closed = False
        self._running = [
            threading.Thread(target=self._work, name=f"eventmill-{number}") for number in range(threads)
        ]
        for thread in self._running:
            thread.start()

    @property
    def window(self) -> int:
        """Tasks that a lane may have in flight: its share of the threads, and one that is being sent.

        All lanes together hold at most two each and one for every thread.
        """
        return 1 - (-self.threads // max(1, self._lanes))

    @contextmanager
    def lane(self) -> Generator["Lane"]:
        """A lane for one request, to the end of the context."""
        with self._changed:
            self._lanes += 1
        try:
            yield Lane(self)
        finally:
            with self._changed:
                self._lanes -= 1

    def add(self, lane: "Lane", task: Task, *, first: bool) -> None:
        """Queue a task in a lane, before its others if it is to be the first."""
        with self._changed:
            if self._closed:
                raise RuntimeError("the workers have been closed")
            if not lane.tasks:
                # A lane that was idle has no claim to the time that it did not use.
                lane.seconds = max(lane.seconds, self._clock)
                self._waiting.append(lane)
            (lane.tasks.appendleft if first else lane.tasks.append)(task)
            self._changed.notify()

    def close(self) -> None:
        """Cancel tasks that have not begun, and wait for the threads to end."""
        with self._changed:
            self._closed = True
            for lane in self._waiting:
                for _, future in lane.tasks:
                    future.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        for thread in self._running:
            thread.join()

    def _work(self) -> None:
        while chosen := self._next():
            lane, (call, future) = chosen
            begin = perf_counter()
            _run(call, future)
            # Else the result of the last task would live until the next one.
            del chosen, call, future
            with self._changed:
                lane.seconds += perf_counter() - begin

    def _next(self) -> tuple["Lane", Task] | None:
        """The next task and its lane, or None once there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            lane = min(self._waiting, key=lambda each: each.seconds)
            self._clock = lane.seconds
            task = lane.tasks.popleft()
            if not lane.tasks:
                self._waiting.remove(lane)
            return lane, task


@dataclass(slots=True, eq=False)
class Lane:
    """The tasks of one request.

    Attributes:
        workers: What works on them.
        tasks: Those that have not begun. The workers' lock guards them.
        seconds: Time that its tasks have had, on the clock of the workers.
    """

    workers: Workers
    tasks: deque[Task] = field(default_factory=deque)
    seconds: float = 0.0

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """Run a task as soon as those before it have begun."""
        return self._submit(call, first=False)

    def submit_first(self, call: Callable[[], T]) -> Future[T]:
        """Run a task before all others of this lane that have not begun."""
        return self._submit(call, first=True)

    def in_order(self, calls: Iterable[Callable[[], T]]) -> Generator[Future[T]]:
        """Run tasks side by side and hand out their futures in order.

        No more of them than `Workers.window` are running, queued or done without having been taken, so memory
        is bounded by the pace of the consumer. Closing the iterator cancels those that have not begun.
        """
        pending: deque[Future[T]] = deque()
        try:
            for call in calls:
                pending.append(self.submit(call))
                while len(pending) >= self.workers.window:
                    yield pending.popleft()
            while pending:
                yield pending.popleft()
        finally:
            for future in pending:
                future.cancel()

    def _submit(self, call: Callable[[], T], *, first: bool) -> Future[T]:
        future: Future[T] = Future()
        self.workers.add(self, (call, future), first=first)
        return future


def _run(call: Callable[[], Any], future: Future[Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
        future.set_exception(error)
