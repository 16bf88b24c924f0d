"""Who may generate now, who waits, and who is turned away at once.

All of it happens on the event loop, so there are no locks.
"""

import asyncio
import math
from asyncio import Future
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from service.errors import OverloadedError, TooManyRequestsError

_LONGEST_ADVICE: Final = 3600
_SHORTEST_ADVICE: Final = 1


@dataclass(slots=True, eq=False)
class Place:
    """One request among those that run or wait.

    Attributes:
        client: Address of who made it.
        n: Events asked for.
        events: Events sent so far.
        begun: When it was let in, by `perf_counter`; NaN while it waits.
    """

    client: str
    n: int
    events: int = 0
    begun: float = math.nan

    def seconds_left(self) -> float:
        """Time to its last event at the rate measured so far; infinite if there is none."""
        rate = self.events / max(perf_counter() - self.begun, 1e-9)
        return (self.n - self.events) / rate if rate > 0 else math.inf


@dataclass(slots=True)
class Admission:
    """A bounded number of places, and a bounded queue for them.

    A place that becomes free goes to the waiting client that has the fewest, and among equals to the one that
    came first: a client with many requests delays its own, not those of others. Clients are told apart by
    their address; a key that nobody checks would only be a way to have several.

    Attributes:
        most_running: Places.
        most_waiting: Length of the queue.
        most_per_client: Requests of one client, running and waiting.
        seconds: Longest wait.
        running: Who has a place.
        waiting: Who waits, in order of arrival, each with what tells it that it has a place.
    """

    most_running: int
    most_waiting: int
    most_per_client: int
    seconds: float
    running: set[Place] = field(default_factory=set)
    waiting: dict[Place, Future[None]] = field(default_factory=dict)

    @asynccontextmanager
    async def place(self, client: str, n: int) -> AsyncGenerator[Place]:
        """A place for a request for `n` events, to the end of the context; waits for one if need be.

        Raises:
            TooManyRequestsError: If the client has too many requests already.
            OverloadedError: If the queue is full, or no place became free in time.
        """
        self._check_room(client)
        place, turn = Place(client, n), asyncio.get_running_loop().create_future()
        self.waiting[place] = turn
        try:
            self._fill()
            await self._in_time(turn)
            yield place
        finally:
            self.waiting.pop(place, None)
            self.running.discard(place)
            self._fill()

    def _check_room(self, client: str) -> None:
        own = [place for place in (*self.running, *self.waiting) if place.client == client]
        if len(own) >= self.most_per_client:
            raise TooManyRequestsError(self.most_per_client, self._advice(own))
        if len(self.running) >= self.most_running and len(self.waiting) >= self.most_waiting:
            raise OverloadedError("all places are taken and the queue is full", self._advice(self.running))

    async def _in_time(self, turn: Future[None]) -> None:
        try:
            async with asyncio.timeout(self.seconds):
                await turn
        except TimeoutError as error:
            detail = f"no place became free in {self.seconds:g} s"
            raise OverloadedError(detail, self._advice(self.running)) from error

    def _fill(self) -> None:
        while self.waiting and len(self.running) < self.most_running:
            place = min(self.waiting, key=self._held)
            told = self.waiting.pop(place)
            place.begun = perf_counter()
            self.running.add(place)
            if not told.done():
                told.set_result(None)

    def _held(self, waiting: Place) -> int:
        return sum(place.client == waiting.client for place in self.running)

    @staticmethod
    def _advice(places: Collection[Place]) -> int:
        """Seconds until the first of these requests ends, at the rates measured now."""
        left = min((place.seconds_left() for place in places), default=math.inf)
        known = left if math.isfinite(left) else _SHORTEST_ADVICE
        return math.ceil(min(max(known, _SHORTEST_ADVICE), _LONGEST_ADVICE))
