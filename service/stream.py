"""Events as a stream of bytes over HTTP.

Blocks are generated ahead on the workers' threads, encoded there in order, and sent as the client takes them:
a slow client slows its own generation, and one that leaves stops it.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import aclosing, closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from time import perf_counter
from typing import Final, TypeVar

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Send
from typing_extensions import override

from service.errors import TimeLimitError
from service.generation import Generation
from service.record import Outcome, RequestRecord
from service.state import ServiceState
from service.workers import Lane

T = TypeVar("T")

READER: Final = "reader"
"""Where a request's state has its `Reader`, if the server watches it."""


@dataclass(slots=True)
class Reader:
    """The other end of a connection.

    Attributes:
        stalled: Whether the connection was broken because it read nothing for too long.
    """

    stalled: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A request for events, apart from what it asks for.

    Attributes:
        request_id: Its ID.
        client: Address of who makes it.
        reader: The client's end of the connection.
        limit: Its time limit.
    """

    request_id: str
    client: str
    reader: Reader
    limit: asyncio.Timeout

    @classmethod
    def of(cls, request: Request, seconds: float) -> "Call":
        """What a request is, which may take so many seconds from now."""
        client = request.client.host if request.client else "local"
        reader = getattr(request.state, READER, Reader())
        return cls(request.state.request_id, client, reader, asyncio.timeout(seconds))


async def event_chunks(generation: Generation, state: ServiceState, call: Call) -> AsyncGenerator[bytes]:
    """The bytes of a slice of events, none of them empty, once there is a place for the request.

    Raises:
        ShedError: If the request is turned away.
        OutputError: If the model gives what no event can be made of.
    """
    dataset, format_ = generation.provenance, generation.format
    record = RequestRecord(state.metrics, call.request_id, dataset, format_.name)
    state.receipts.add(record)
    with record.followed(partial(_interruption, call, state)):
        async with state.admission.place(call.client, generation.events.n) as place:
            record.admitted()
            with state.workers.lane() as lane:
                async with aclosing(_encoded(generation, lane, record)) as chunks:
                    async for chunk, events in chunks:
                        with record.sending(events, len(chunk)):
                            yield chunk
                        place.events = record.events


async def _encoded(
    generation: Generation, lane: Lane, record: RequestRecord
) -> AsyncGenerator[tuple[bytes, int]]:
    """Chunks, none of them empty, each with the number of events that it completes."""
    encoder, waiting = generation.encoder(), 0
    with closing(_first_alone(lane, map(_timed, generation.events.tasks()))) as blocks:
        for future in blocks:
            block, seconds = await asyncio.wrap_future(future)
            record.generated(block, seconds)
            encode = partial(_hashed, record, partial(encoder.encode, block.events))
            chunk, seconds = await asyncio.wrap_future(lane.submit_first(_timed(encode)))
            record.encoded(seconds)
            waiting += len(block.events)
            if chunk:
                yield chunk, waiting
                waiting = 0
    last = await asyncio.wrap_future(lane.submit(partial(_hashed, record, encoder.finish)))
    if last:
        yield last, waiting


def _first_alone(lane: Lane, calls: Iterator[Callable[[], T]]) -> Generator[Future[T]]:
    """`Lane.in_order`, but the others begin once the first is encoded: they would keep workers from that."""
    yield from lane.in_order(islice(calls, 1))
    yield from lane.in_order(calls)


class EventResponse(StreamingResponse):
    """A response whose first bytes exist before its headers are sent, so that an early failure has a status.

    A later failure breaks the connection: the client sees a body that does not end.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[bytes],
        limit: asyncio.Timeout,
        headers: Mapping[str, str],
        media_type: str,
    ) -> None:
        self._chunks = chunks
        self._limit = limit
        super().__init__(chunks, headers=headers, media_type=media_type)

    @override
    async def stream_response(self, send: Send) -> None:
        """Send the response; it is cancelled when the client leaves."""
        try:
            # Nobody else would close the chunks, and generation must stop when sending does.
            async with self._limit, aclosing(self._chunks):
                self.body_iterator = _chain(await anext(self._chunks), self._chunks)
                await super().stream_response(send)
        except TimeoutError as error:
            raise TimeLimitError("the request took longer than it may", retry_after=1) from error


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


def _hashed(record: RequestRecord, encode: Callable[[], bytes]) -> bytes:
    chunk = encode()
    record.sha256.update(chunk)
    return chunk


def _interruption(call: Call, state: ServiceState) -> Outcome:
    """How a request ended that was cancelled."""
    if call.reader.stalled:
        return "stalled"
    if call.limit.expired():
        return "timeout"
    return "drained" if state.overdue else "client_closed"
