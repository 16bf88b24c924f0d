"""uvicorn with what it lacks: a limit for readers that stop, and an end in steps."""

import copy
import logging
import signal
from asyncio import TimerHandle
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
    """HTTP that breaks the connection of a client that reads nothing for too long.

    uvicorn itself would wait for such a client for ever, even to close the connection.
    """

    def __init__(self, *args: Any, stall_seconds: float, **kwargs: Any) -> None:  # noqa: ANN401 - as uvicorn
        super().__init__(*args, **kwargs)
        self._reader = Reader()
        self.app_state = {**self.app_state, READER: self._reader}
        self._stall_seconds = stall_seconds
        self._timer: TimerHandle | None = None

    @override
    def pause_writing(self) -> None:
        """More has been written than the client has read."""
        super().pause_writing()
        self._watch()

    @override
    def resume_writing(self) -> None:
        """The client has read it."""
        super().resume_writing()
        self._unwatch()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._unwatch()
        super().connection_lost(exc)

    def _watch(self) -> None:
        unread = self.transport.get_write_buffer_size()
        self._timer = self.loop.call_later(self._stall_seconds, self._check, unread)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _check(self, unread: int) -> None:
        if self.transport.get_write_buffer_size() < unread:
            self._watch()
        else:
            self._reader.stalled = True
            self.transport.abort()


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
