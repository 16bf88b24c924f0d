"""What the service tells Prometheus. Durations are in seconds, sizes in bytes."""

from collections.abc import Iterable, Sequence
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
        self.in_flight = self._gauge("requests_in_flight", "Requests for events being answered.")
        self.queue_depth = self._gauge("queue_depth", "Requests for events that wait for a place.")
        self.draining = self._gauge("draining", "Whether the service is about to stop.")
        self.rejected = self._counter(
            "rejected_blocks", "Blocks that were not sent as they hold what no event can be made of.", *_MODEL
        )
        self.load_failures = self._counter("model_load_failures", "Models that were refused.")
        self.request_seconds = self._histogram(
            "request_duration", "Request to last byte.", _REQUEST_SECONDS, *_MODEL, "format"
        )
        self.first_byte_seconds = self._histogram(
            "time_to_first_byte", "Request to first byte.", _REQUEST_SECONDS, *_MODEL, "format"
        )
        self.queue_seconds = self._histogram("queue_wait", "Wait for a place.", _REQUEST_SECONDS)
        self.send_seconds = self._histogram(
            "send_blocked", "Wait for a client to take a chunk.", _REQUEST_SECONDS
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

    def loaded(self, manifests: Iterable[Manifest], device: str) -> None:
        """Tell of the models that are ready, and of no other, with all their series at zero or above."""
        self.model.clear()
        for manifest in manifests:
            names = (manifest.process, manifest.model)
            self.model.labels(*names).info(
                {"version": manifest.version, "digest": manifest.digest, "device": device}
            )
            for counter in (self.generated, self.invalid, self.rejected):
                counter.labels(*names)

    def tally(self, names: tuple[str, str], block: Block) -> None:
        """Count the attempts at a block's events, by process and model."""
        invalid, generated = self._attempts.get(names, (0, 0))
        self._attempts[names] = invalid, generated = invalid + block.n_invalid, generated + block.n_generated
        self.invalid.labels(*names).inc(block.n_invalid)
        self.generated.labels(*names).inc(block.n_generated)
        self.invalid_rate.labels(*names).set(invalid / generated)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"eventmill_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"eventmill_{name}", text, registry=self.registry)

    def _histogram(self, name: str, text: str, buckets: Sequence[float], *labels: str) -> Histogram:
        return Histogram(f"eventmill_{name}_seconds", text, labels, buckets=buckets, registry=self.registry)
