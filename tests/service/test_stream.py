import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.types import Message

from events.selection import invalid_event_rate
from service.engine import Engine
from service.generation import GenerateQuery, Generation
from service.metrics import Metrics
from service.sampler import Sampler
from service.settings import Settings
from service.stream import EventResponse, event_chunks
from tests.support.generators import WatchedGenerator

SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


@pytest.fixture(scope="module")
def engine(shelf_root: Path) -> Iterator[Engine]:
    engine = Engine.open(Settings(models=shelf_root, threads=2))
    yield engine
    engine.close()


def chunks_of(engine: Engine, metrics: Metrics, n: int, format_: str = "csv") -> AsyncGenerator[bytes]:
    query = GenerateQuery.model_validate({"process": "ttbar", "seed": 5, "n": n, "format": format_})
    generation = Generation.resolve(query, None, engine, max_events=10**9)
    return event_chunks(generation, engine, metrics, "test")


def values(metrics: Metrics) -> dict[str, float]:
    """The samples of our own metrics by name, with outcomes by their name."""
    samples = [sample for family in metrics.registry.collect() for sample in family.samples]
    return {
        sample.labels.get("outcome", sample.name): sample.value
        for sample in samples
        if not sample.name.endswith("_created")
    }


async def never_disconnects() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


@pytest.mark.parametrize("format_", ["csv", "arrow", "parquet"])
def test_no_chunk_is_empty_and_all_is_counted(engine: Engine, format_: str) -> None:
    metrics = Metrics()

    async def collect() -> list[bytes]:
        return [chunk async for chunk in chunks_of(engine, metrics, 1000, format_)]

    chunks = asyncio.run(collect())
    counted = values(metrics)
    assert all(chunks)
    assert counted["ok"] == 1
    assert counted["eventmill_response_bytes_total"] == sum(map(len, chunks))
    assert counted["eventmill_events_delivered_total"] == 1000
    assert counted["eventmill_events_generated_total"] == 1024
    assert counted["eventmill_block_generation_seconds_count"] == 4
    assert counted["eventmill_requests_in_flight"] == 0


def test_the_invalid_event_rate_is_that_of_the_first_attempts(engine: Engine, sampler: Sampler) -> None:
    metrics = Metrics()

    async def drain() -> None:
        async for _ in chunks_of(engine, metrics, 1024):
            pass

    asyncio.run(drain())
    counted, raw = values(metrics), sampler.sample(1024, seed=5, validity="all")
    rate = counted["eventmill_invalid_event_rate"]
    assert rate == pytest.approx(invalid_event_rate(raw))
    assert counted["eventmill_invalid_events_total"] == rate * 1024 > 0


def test_the_body_is_closed_as_soon_as_sending_fails(engine: Engine) -> None:
    metrics = Metrics()

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise OSError("the client is gone")

    async def respond() -> float:
        chunks = chunks_of(engine, metrics, 10**8)
        response = EventResponse(await anext(chunks), chunks, {}, "text/csv")
        with pytest.raises(OSError, match="gone"):
            await response(SCOPE, never_disconnects, send)
        # While this still refers to the chunks, nothing but the response can have closed them.
        return values(metrics)["client_closed"]

    assert asyncio.run(respond()) == 1


def test_the_generation_waits_for_the_reader(engine: Engine) -> None:
    begun: list[int] = []
    samplers = {
        key: Sampler(WatchedGenerator(each.generator, begun.append)) for key, each in engine.samplers.items()
    }
    watched = replace(engine, samplers=samplers)

    async def read_two() -> None:
        chunks = chunks_of(watched, Metrics(), 10**8)
        for _ in range(2):
            await anext(chunks)
        # Threads take tasks in order: once this one is done, all before it have begun.
        await asyncio.wrap_future(engine.executor.submit(int))
        assert sorted(begun) == list(range(engine.ahead + 1))
        await chunks.aclose()

    asyncio.run(read_two())
