"""Events as a stream of bytes over HTTP.

Blocks are generated ahead on the engine's threads, encoded there in order, and sent as the client takes them:
a slow client slows its own generation, and one that leaves stops it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from time import perf_counter
from typing import TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from service.engine import Engine
from service.generation import Generation
from service.metrics import Metrics, RequestRecord
from service.sampler import in_order

T = TypeVar("T")

_LOG = logging.getLogger(__name__)


async def event_chunks(
    generation: Generation, engine: Engine, metrics: Metrics, request_id: str
) -> AsyncGenerator[bytes]:
    """The bytes of a slice of events, none of them empty.

    Args:
        generation: What to generate.
        engine: Where to do so.
        metrics: Where to count it.
        request_id: What to call it in the log.

    Raises:
        OutputError: If the model gives what no event can be made of.
    """
    encoder = generation.format.encoder(generation.provenance)
    blocks = in_order(engine.executor, map(_timed, generation.events.tasks()), engine.ahead)
    with _recorded(generation, metrics, request_id) as record, closing(blocks):
        for future in blocks:
            block, seconds = await asyncio.wrap_future(future)
            record.generated(block, seconds)
            encoding = engine.executor.submit(_timed(partial(encoder.encode, block.events)))
            chunk, seconds = await asyncio.wrap_future(encoding)
            record.encoded(seconds)
            if chunk:
                record.sending()
                yield chunk
            record.sent(len(block.events), len(chunk))
        last = await asyncio.wrap_future(engine.executor.submit(encoder.finish))
        if last:
            record.sending()
            yield last
        record.sent(0, len(last))


class EventResponse(StreamingResponse):
    """A response whose first bytes exist before its headers are sent, so that an early failure has a status.

    A later failure breaks the connection: the client sees a body that does not end.
    """

    def __init__(
        self, first: bytes, rest: AsyncGenerator[bytes], headers: Mapping[str, str], media_type: str
    ) -> None:
        self._rest = rest
        super().__init__(_chain(first, rest), headers=headers, media_type=media_type)

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response, as ASGI wants it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            # Starlette does not close the body when the client leaves; the generation must stop then.
            await self._rest.aclose()


async def _chain(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


def _timed(task: Callable[[], T]) -> Callable[[], tuple[T, float]]:
    """A task that also gives how long it took in seconds, without the time it waited for a thread."""

    def run() -> tuple[T, float]:
        start = perf_counter()
        return task(), perf_counter() - start

    return run


@contextmanager
def _recorded(generation: Generation, metrics: Metrics, request_id: str) -> Generator[RequestRecord]:
    events, manifest, format_ = generation.events, generation.manifest, generation.format
    try:
        with metrics.request(manifest, format_.name) as record:
            yield record
    finally:
        _LOG.info(
            "request=%s process=%s model=%s format=%s seed=%d offset=%d n=%d outcome=%s events=%d bytes=%d "
            "seconds=%.3f",
            request_id, manifest.process, manifest.model, format_.name, events.seed, events.offset, events.n,
            record.outcome, record.events, record.bytes, record.seconds(),
        )  # fmt: skip
