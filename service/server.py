"""uvicorn with what it lacks: a limit for readers that stop, and an end in steps."""

import copy
import logging
import signal
from asyncio import TimerHandle, Transport
from functools import partial
from time import perf_counter
from types import FrameType
from typing import Any, cast

import uvicorn
from fastapi import FastAPI
from typing_extensions import override
from uvicorn.config import LOGGING_CONFIG
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.state import ServiceState
from service.stream import READER, Reader


class StallGuard(HttpToolsProtocol):
    """HTTP that breaks the connection of a client that reads nothing, or asks nothing, for too long.

    uvicorn itself would wait for such a client for ever, even to close the connection.
    """

    def __init__(self, *args: Any, stall_seconds: float, **kwargs: Any) -> None:  # noqa: ANN401 - as uvicorn
        super().__init__(*args, **kwargs)
        self._reader = Reader()
        self.app_state = {**self.app_state, READER: self._reader}
        self._stall_seconds = stall_seconds
        self._asking: TimerHandle | None = None
        self._reading: TimerHandle | None = None

    @override
    def connection_made(self, transport: Transport) -> None:  # type: ignore[override] # as uvicorn
        """A client is there, and should ask for something."""
        super().connection_made(transport)
        self._asking = self.loop.call_later(self._stall_seconds, transport.abort)

    @override
    def on_message_begin(self) -> None:
        """A request has begun, and should be told in full."""
        super().on_message_begin()
        _cancel(self._asking)
        self._asking = self.loop.call_later(self._stall_seconds, self.transport.abort)

    @override
    def on_headers_complete(self) -> None:
        """A request has been told."""
        _cancel(self._asking)
        super().on_headers_complete()

    @override
    def pause_writing(self) -> None:
        """More has been written than the client has read."""
        super().pause_writing()
        self._watch()

    @override
    def resume_writing(self) -> None:
        """The client has read it."""
        super().resume_writing()
        _cancel(self._reading)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        _cancel(self._asking)
        _cancel(self._reading)
        super().connection_lost(exc)

    def _watch(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._reading = self.loop.call_later(self._stall_seconds, self._check, unread)

    def _check(self, unread: int) -> None:
        if self.transport.get_write_buffer_size() < unread:
            self._watch()
        else:
            self._reader.stalled = True
            self.transport.abort()


def _cancel(timer: TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()


class Server(uvicorn.Server):
    """A server that ends in steps.

    Told to stop by SIGTERM, it is not ready any more, so that balancers send it nothing new; goes on for the
    drain delay; refuses connections; lets running requests finish until the deadline; then breaks them.
    SIGINT, from a keyboard, skips the delay. A second signal breaks them at once.
    """

    def __init__(self, app: FastAPI, state: ServiceState) -> None:
        settings = state.settings
        http = partial(StallGuard, stall_seconds=settings.stall_seconds)
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                http=cast(type[HttpToolsProtocol], http),
                ws="none",
                # Longer than clients and balancers keep idle connections, so that they are not cut in use.
                timeout_keep_alive=75,
                timeout_graceful_shutdown=settings.shutdown_seconds,
                log_config=_log_config(),
            )
        )
        self._state = state
        self._closes = float("inf")

    @override
    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a step towards the end; called on a signal."""
        if self._state.draining:
            self.should_exit = self.force_exit = True
            self._state.deadline = perf_counter()
            return
        settings = self._state.settings
        self._closes = perf_counter() + (settings.drain_seconds if sig == signal.SIGTERM else 0)
        self._state.deadline = self._closes + settings.shutdown_seconds

    @override
    async def on_tick(self, counter: int) -> bool:
        """Whether to close the listener; asked ten times a second."""
        over = self._state.failure is not None or perf_counter() >= self._closes
        return await super().on_tick(counter) or over


class _NotProbes(logging.Filter):
    """Leaves requests out of the access log that come every few seconds for ever."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        _, _, path, *_ = cast(tuple[str, ...], record.args)
        return not path.startswith(("/health", "/metrics"))


def _log_config() -> dict[str, Any]:
    """The logging of uvicorn, with our own log lines in the same form, and without probes."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"]["service"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    config["filters"] = {"not_probes": {"()": _NotProbes}}
    config["handlers"]["access"]["filters"] = ["not_probes"]
    return config
