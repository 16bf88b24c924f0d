import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack

import pytest

from service.admission import Admission, Place
from service.errors import OverloadedError, TooManyRequestsError


async def turns(n: int = 5) -> None:
    """Let the other tasks run."""
    for _ in range(n):
        await asyncio.sleep(0)


class Crowd:
    """Requests that stay until they are told to leave."""

    def __init__(self, admission: Admission) -> None:
        self.admission = admission
        self.inside: list[str] = []
        self.leave: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def come(self, name: str, client: str) -> None:
        self.leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._stay(name, client))
        await turns()

    async def go(self, name: str) -> None:
        self.leave[name].set()
        await turns()

    async def _stay(self, name: str, client: str) -> None:
        async with self.admission.place(client, 100):
            self.inside.append(name)
            try:
                await self.leave[name].wait()
            finally:
                self.inside.remove(name)


def crowd(running: int = 2, waiting: int = 3, per_client: int = 99, seconds: float = 10) -> Crowd:
    return Crowd(Admission(running, waiting, per_client, seconds))


def run(scenario: Callable[[], Coroutine[None, None, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 10))


def test_places_are_bounded_and_given_in_order_of_arrival() -> None:
    async def scenario() -> None:
        people = crowd()
        for name in "abcd":
            await people.come(name, name)
        assert people.inside == ["a", "b"]
        await people.go("b")
        assert people.inside == ["a", "c"]
        await people.go("a")
        await people.go("c")
        assert people.inside == ["d"]
        await people.go("d")
        assert not people.admission.running

    run(scenario)


def test_a_full_queue_turns_away_at_once() -> None:
    async def scenario() -> None:
        people = crowd(running=1, waiting=2)
        for name in "abcd":
            await people.come(name, name)
        with pytest.raises(OverloadedError, match="queue is full") as caught:
            await people.tasks["d"]
        assert caught.value.retry_after == 1
        assert len(people.admission.waiting) == 2

    run(scenario)


def test_without_a_queue_only_places_count() -> None:
    async def scenario() -> None:
        people = crowd(running=1, waiting=0)
        await people.come("a", "a")
        await people.come("b", "b")
        assert people.inside == ["a"]
        assert isinstance(people.tasks["b"].exception(), OverloadedError)

    run(scenario)


def test_one_client_may_have_so_many_running_and_waiting() -> None:
    async def scenario() -> None:
        people = crowd(running=1, per_client=2)
        for name in "abc":
            await people.come(name, "greedy")
        assert isinstance(people.tasks["c"].exception(), TooManyRequestsError)
        await people.come("d", "modest")
        assert len(people.admission.waiting) == 2

    run(scenario)


def test_a_free_place_goes_to_the_client_with_the_fewest() -> None:
    async def scenario() -> None:
        people = crowd(running=2, waiting=9)
        for name in ("g1", "g2", "g3", "g4"):
            await people.come(name, "greedy")
        await people.come("m", "modest")
        await people.go("g1")
        assert people.inside == ["g2", "m"]
        await people.go("g2")
        assert people.inside == ["m", "g3"]

    run(scenario)


def test_who_waits_too_long_is_turned_away() -> None:
    async def scenario() -> None:
        people = crowd(running=1, seconds=0.05)
        await people.come("a", "a")
        await people.come("b", "b")
        with pytest.raises(OverloadedError, match=r"no place became free in 0\.05 s"):
            await people.tasks["b"]
        assert not people.admission.waiting
        await people.go("a")
        assert not people.admission.running

    run(scenario)


@pytest.mark.parametrize("name", ["a", "b"], ids=["running", "waiting"])
def test_who_leaves_frees_the_place(name: str) -> None:
    async def scenario() -> None:
        people = crowd(running=1)
        for each in "abc":
            await people.come(each, each)
        people.tasks[name].cancel()
        await turns()
        assert people.inside == ["b" if name == "a" else "a"]
        assert len(people.admission.waiting) == 1

    run(scenario)


def test_who_leaves_as_the_place_is_given_frees_it() -> None:
    async def scenario() -> None:
        people = crowd(running=1)
        for each in "abc":
            await people.come(each, each)
        people.leave["a"].set()
        await asyncio.sleep(0)
        people.tasks["b"].cancel()
        await turns()
        assert people.inside == ["c"]

    run(scenario)


def test_advice_is_the_time_until_the_first_ends_at_the_measured_rate() -> None:
    async def scenario() -> None:
        admission = Admission(2, 0, 99, 10)
        async with AsyncExitStack() as stack:
            slow, quick = [
                await stack.enter_async_context(admission.place(name, 1000)) for name in ("slow", "quick")
            ]
            slow.begun -= 10
            quick.begun -= 10
            slow.events, quick.events = 10, 100
            with pytest.raises(OverloadedError, match="try again in 91 s") as caught:
                await stack.enter_async_context(admission.place("late", 1))
        assert caught.value.retry_after == 91

    run(scenario)


def test_a_place_that_has_sent_nothing_gives_no_advice() -> None:
    assert Place("a", 10).seconds_left() == float("inf")
