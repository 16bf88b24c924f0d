"""What has happened to one request for events: the source of its metrics, its log line and its receipt."""

import hashlib
import logging
from asyncio import CancelledError
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Literal, TypeAlias

from service.errors import ShedError
from service.generator import Block
from service.metrics import Metrics
from service.runtime import OutputError

Outcome: TypeAlias = Literal["ok", "client_closed", "stalled", "shed", "timeout", "error", "drained"]
"""How a request ended: whole; by a client that left, or that read nothing for too long; turned away; by its
time limit; by a failure; or by the end of the service."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class RequestRecord:
    """One request so far.

    Attributes:
        metrics: Where it is counted.
        request_id: Its ID.
        dataset: What names its events exactly, as text.
        format: Name of the format.
        begun: When it began, by `perf_counter`.
        ended: When it ended; None until it has.
        waited: Seconds for which it waited for a place; None while it does.
        events: Events sent.
        bytes: Bytes sent.
        sha256: Of the bytes encoded so far, all of which are sent unless the stream breaks.
        outcome: How it ended; None until it has.
    """

    metrics: Metrics
    request_id: str
    dataset: Mapping[str, str]
    format: str
    begun: float = field(default_factory=perf_counter)
    ended: float | None = None
    waited: float | None = None
    events: int = 0
    bytes: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    outcome: Outcome | None = None

    @property
    def model(self) -> tuple[str, str]:
        """Process and model."""
        return self.dataset["process"], self.dataset["model"]

    def seconds(self) -> float:
        """Time from its begin to now, or to its end."""
        return (self.ended or perf_counter()) - self.begun

    def admitted(self) -> None:
        """It has a place."""
        self.waited = self.seconds()
        self.metrics.queue_seconds.observe(self.waited)

    def generated(self, block: Block, seconds: float) -> None:
        """A block was generated in so many seconds."""
        self.metrics.generation_seconds.labels(*self.model).observe(seconds)
        self.metrics.tally(self.model, block)

    def encoded(self, seconds: float) -> None:
        """A block was encoded in so many seconds."""
        self.metrics.encoding_seconds.labels(self.format).observe(seconds)

    @contextmanager
    def sending(self, events: int, n_bytes: int) -> Generator[None]:
        """Bytes that hold so many more events are sent within this context."""
        if not self.bytes:
            self.metrics.first_byte_seconds.labels(*self.model, self.format).observe(self.seconds())
        start = perf_counter()
        yield
        self.metrics.send_seconds.observe(perf_counter() - start)
        self.events += events
        self.bytes += n_bytes
        self.metrics.delivered.labels(*self.model, self.format).inc(events)
        self.metrics.bytes.labels(*self.model, self.format).inc(n_bytes)

    @contextmanager
    def followed(self, interrupted: Callable[[], Outcome]) -> Generator[None]:
        """The request from its begin to its end, which is counted and logged.

        Args:
            interrupted: Asked how it ended if it was cancelled.
        """
        outcome: Outcome = "error"
        try:
            yield
            outcome = "ok"
        except (GeneratorExit, CancelledError):
            outcome = interrupted()
            raise
        except ShedError:
            outcome = "shed"
            raise
        except OutputError as error:
            self.metrics.rejected.labels(*self.model).inc()
            _LOG.error("request=%s rejected block: %s", self.request_id, error)
            raise
        finally:
            self._finish(outcome)

    def _finish(self, outcome: Outcome) -> None:
        self.outcome, self.ended = outcome, perf_counter()
        self.metrics.requests.labels(*self.model, self.format, outcome).inc()
        self.metrics.request_seconds.labels(*self.model, self.format).observe(self.seconds())
        facts = " ".join(f"{name}={value}" for name, value in self.dataset.items())
        _LOG.info(
            "request=%s %s format=%s outcome=%s events=%d bytes=%d seconds=%.3f",
            self.request_id, facts, self.format, outcome, self.events, self.bytes, self.seconds(),
        )  # fmt: skip
