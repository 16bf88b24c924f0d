import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from starlette.types import Message

from events.selection import invalid_event_rate
from service.collection import Collection
from service.errors import TimeLimitError
from service.generation import GenerateQuery, Generation
from service.generator import FIRST_EVENTS
from service.metrics import Metrics
from service.sampler import Sampler
from service.settings import Settings
from service.state import ServiceState
from service.stream import Call, EventResponse, Reader, event_chunks
from tests.support.generators import WatchedGenerator
from tests.support.servers import altered

SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


@pytest.fixture
def state(shelf_root: Path) -> Iterator[ServiceState]:
    settings = Settings(models=shelf_root, threads=2)
    state = ServiceState.of(settings)
    state.collection = Collection.open(settings)
    with closing(state.workers):
        yield state


def call(seconds: float = 60, reader: Reader | None = None) -> Call:
    return Call("test", "client", reader or Reader(), asyncio.timeout(seconds))


def chunks_of(
    state: ServiceState, n: int, format_: str = "csv", this: Call | None = None
) -> AsyncGenerator[bytes]:
    assert state.collection
    query = GenerateQuery.model_validate({"process": "ttbar", "seed": 5, "n": n, "format": format_})
    generation = Generation.resolve(query, None, state.collection, max_events=10**9)
    return event_chunks(generation, state, this or call())


def values(metrics: Metrics) -> dict[str, float]:
    """The samples of our own metrics by name, with outcomes by their name."""
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    return {
        sample.labels.get("outcome", sample.name): sample.value
        for sample in samples
        if not sample.name.endswith("_created")
    }


@pytest.mark.parametrize("format_", ["csv", "arrow", "parquet"])
def test_no_chunk_is_empty_and_all_is_counted(state: ServiceState, format_: str) -> None:
    async def collect() -> list[bytes]:
        return [chunk async for chunk in chunks_of(state, 1000, format_)]

    chunks = asyncio.run(collect())
    counted = values(state.metrics)
    assert all(chunks)
    assert counted["ok"] == 1
    assert counted["eventmill_response_bytes_total"] == sum(map(len, chunks))
    assert counted["eventmill_events_delivered_total"] == 1000
    assert counted["eventmill_events_generated_total"] == 1000
    assert counted["eventmill_block_generation_seconds_count"] == 4
    assert counted["eventmill_send_blocked_seconds_count"] == len(chunks)
    assert counted["eventmill_requests_in_flight"] == 0


def test_the_receipt_tells_what_was_sent(state: ServiceState) -> None:
    async def collect() -> bytes:
        chunks = chunks_of(state, 1000)
        first = await anext(chunks)
        running = state.receipts.get("test")
        assert (running.state, running.outcome, running.sha256) == ("streaming", None, None)
        return first + b"".join([chunk async for chunk in chunks])

    body = asyncio.run(collect())
    receipt = state.receipts.get("test")
    assert (receipt.state, receipt.outcome) == ("complete", "ok")
    assert (receipt.rows, receipt.bytes) == (1000, len(body))
    assert receipt.sha256 == hashlib.sha256(body).hexdigest()
    assert receipt.dataset["seed"] == "5"


def test_the_invalid_event_rate_is_that_of_the_first_attempts(state: ServiceState, sampler: Sampler) -> None:
    async def drain() -> None:
        async for _ in chunks_of(state, 1000):
            pass

    asyncio.run(drain())
    counted, raw = values(state.metrics), sampler.sample(1000, seed=5, validity="all")
    rate = counted["eventmill_invalid_event_rate"]
    assert rate == pytest.approx(invalid_event_rate(raw))
    assert counted["eventmill_invalid_events_total"] == pytest.approx(rate * 1000)
    assert rate > 0


async def never_disconnects() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def takes_nothing(message: Message) -> None:
    if message["type"] == "http.response.body":
        await asyncio.Event().wait()


def test_the_body_is_closed_as_soon_as_sending_fails(state: ServiceState) -> None:
    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise OSError("the client is gone")

    async def respond() -> float:
        this = call()
        chunks = chunks_of(state, 10**8, this=this)
        response = EventResponse(chunks, this.limit, {}, "text/csv")
        with pytest.raises(OSError, match="gone"):
            await response(SCOPE, never_disconnects, send)
        # While this still refers to the chunks, nothing but the response can have closed them.
        return values(state.metrics)["client_closed"]

    assert asyncio.run(respond()) == 1
    assert not state.admission.running


@pytest.mark.parametrize("outcome", ["client_closed", "stalled", "drained"])
def test_the_outcome_tells_why_a_stream_was_broken(state: ServiceState, outcome: str) -> None:
    begun = asyncio.Event()

    async def leave() -> Message:
        await begun.wait()
        return {"type": "http.disconnect"}

    async def takes_nothing_more(message: Message) -> None:
        if message["type"] == "http.response.body":
            begun.set()
            await asyncio.Event().wait()

    async def respond() -> None:
        this = call(reader=Reader(stalled=outcome == "stalled"))
        state.deadline = 0.0 if outcome == "drained" else None
        response = EventResponse(chunks_of(state, 10**8, this=this), this.limit, {}, "text/csv")
        await response(SCOPE, leave, takes_nothing_more)

    asyncio.run(respond())
    assert values(state.metrics)[outcome] == 1
    assert (state.receipts.get("test").state, state.receipts.get("test").outcome) == ("broken", outcome)


def test_an_answer_that_takes_too_long_is_broken(state: ServiceState) -> None:
    async def respond() -> None:
        this = call(seconds=0.5)
        response = EventResponse(chunks_of(state, 10**8, this=this), this.limit, {}, "text/csv")
        with pytest.raises(TimeLimitError):
            await response(SCOPE, never_disconnects, takes_nothing)

    asyncio.run(respond())
    assert values(state.metrics)["timeout"] == 1


def test_the_generation_waits_for_the_reader(state: ServiceState, shelf_root: Path) -> None:
    begun: list[int] = []
    opened = altered(partial(WatchedGenerator, begins=lambda index, *_: begun.append(index)))
    state.collection = opened(Settings(models=shelf_root), None)

    async def read_two() -> None:
        chunks = chunks_of(state, 10**8)
        for _ in range(2):
            await anext(chunks)
        await asyncio.sleep(0.2)
        assert len(begun) <= 2 + state.workers.window
        await chunks.aclose()

    asyncio.run(read_two())


def test_the_first_chunk_waits_for_no_block_but_its_own(state: ServiceState, shelf_root: Path) -> None:
    begun: list[int] = []
    opened = altered(partial(WatchedGenerator, begins=lambda index, *_: begun.append(index)))
    state.collection = opened(Settings(models=shelf_root), None)

    async def read_one() -> None:
        chunks = chunks_of(state, 10**8)
        await anext(chunks)
        assert begun == [0]
        await anext(chunks)
        assert len(begun) > 1
        await chunks.aclose()

    asyncio.run(read_one())


def test_the_first_part_is_small(state: ServiceState) -> None:
    async def first() -> int:
        chunks = chunks_of(state, 10_000)
        lines = (await anext(chunks)).count(b"\n")
        await chunks.aclose()
        return lines

    assert asyncio.run(first()) <= FIRST_EVENTS
