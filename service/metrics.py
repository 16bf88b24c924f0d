"""What the service tells Prometheus. Durations are in seconds, sizes in bytes."""

from asyncio import CancelledError
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from models.manifest import Manifest
from service.generator import Block

_REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
_BLOCK_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_MODEL: Final = ("process", "model")


class Metrics:
    """All metrics of one service, on a registry of their own.

    Attributes:
        registry: What ``/metrics`` renders.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.model = Info("eventmill_model", "Loaded models.", _MODEL, registry=self.registry)
        self.requests = self._counter(
            "requests", "Finished requests for events.", *_MODEL, "format", "outcome"
        )
        self.refused = self._counter("requests_refused", "Requests answered by a problem.", "code")
        self.in_flight = Gauge(
            "eventmill_requests_in_flight", "Requests for events being answered.", registry=self.registry
        )
        self.request_seconds = self._histogram(
            "request_duration", "Request to last byte.", _REQUEST_SECONDS, *_MODEL, "format"
        )
        self.first_byte_seconds = self._histogram(
            "time_to_first_byte", "Request to first byte.", _REQUEST_SECONDS, *_MODEL, "format"
        )
        self.generation_seconds = self._histogram(
            "block_generation", "Generation of one block.", _BLOCK_SECONDS, *_MODEL
        )
        self.encoding_seconds = self._histogram(
            "block_encoding", "Encoding of one block.", _BLOCK_SECONDS, "format"
        )
        self.generated = self._counter("events_generated", "First attempts at events.", *_MODEL)
        self.invalid = self._counter("invalid_events", "First attempts that failed the criteria.", *_MODEL)
        self.invalid_rate = Gauge(
            "eventmill_invalid_event_rate",
            "Share of first attempts that failed the criteria, since the start.",
            _MODEL,
            registry=self.registry,
        )
        self.delivered = self._counter("events_delivered", "Events sent.", *_MODEL, "format")
        self.bytes = self._counter("response_bytes", "Bytes of events sent.", *_MODEL, "format")
        self._attempts: dict[tuple[str, str], tuple[int, int]] = {}

    def loaded(self, manifest: Manifest, device: str) -> None:
        """Tell of a model that is ready, with all its series at zero."""
        names = (manifest.process, manifest.model)
        self.model.labels(*names).info(
            {"version": manifest.version, "digest": manifest.digest, "device": device}
        )
        self.generated.labels(*names)
        self.invalid.labels(*names)

    def tally(self, names: tuple[str, str], block: Block) -> None:
        """Count the attempts at a block's events, by process and model."""
        invalid, generated = self._attempts.get(names, (0, 0))
        self._attempts[names] = invalid, generated = invalid + block.n_invalid, generated + block.n_generated
        self.invalid.labels(*names).inc(block.n_invalid)
        self.generated.labels(*names).inc(block.n_generated)
        self.invalid_rate.labels(*names).set(invalid / generated)

    @contextmanager
    def request(self, manifest: Manifest, format_name: str) -> Generator["RequestRecord"]:
        """Record one request for events, from here to the end of the context."""
        record = RequestRecord(self, (manifest.process, manifest.model), format_name)
        self.in_flight.inc()
        try:
            yield record
            record.outcome = "ok"
        except (GeneratorExit, CancelledError):
            record.outcome = "client_closed"
            raise
        finally:
            self.in_flight.dec()
            record.finish()

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"eventmill_{name}", text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"eventmill_{name}_seconds", text, labels, buckets=buckets, registry=self.registry)


@dataclass(slots=True)
class RequestRecord:
    """What has happened to one request so far.

    Attributes:
        metrics: Where it is counted.
        model: Process and model.
        format: Name of the format.
        start: When it began, by `perf_counter`.
        events: Events sent.
        bytes: Bytes sent.
        outcome: ``ok``, ``client_closed`` if the client left or the service was stopped, else ``error``.
    """

    metrics: Metrics
    model: tuple[str, str]
    format: str
    start: float = field(default_factory=perf_counter)
    events: int = 0
    bytes: int = 0
    outcome: str = "error"

    def seconds(self) -> float:
        """Time since the request began."""
        return perf_counter() - self.start

    def generated(self, block: Block, seconds: float) -> None:
        """A block was generated in so many seconds."""
        self.metrics.generation_seconds.labels(*self.model).observe(seconds)
        self.metrics.tally(self.model, block)

    def encoded(self, seconds: float) -> None:
        """A block was encoded in so many seconds."""
        self.metrics.encoding_seconds.labels(self.format).observe(seconds)

    def sending(self) -> None:
        """Bytes are about to be sent."""
        if not self.bytes:
            self.metrics.first_byte_seconds.labels(*self.model, self.format).observe(self.seconds())

    def sent(self, events: int, n_bytes: int) -> None:
        """Bytes that hold so many more events have been sent."""
        self.events += events
        self.bytes += n_bytes
        self.metrics.delivered.labels(*self.model, self.format).inc(events)
        self.metrics.bytes.labels(*self.model, self.format).inc(n_bytes)

    def finish(self) -> None:
        """Nothing more will happen."""
        self.metrics.requests.labels(*self.model, self.format, self.outcome).inc()
        self.metrics.request_seconds.labels(*self.model, self.format).observe(self.seconds())
