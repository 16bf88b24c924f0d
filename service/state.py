"""What an application holds while it runs, and how routes reach it."""

from dataclasses import dataclass
from time import perf_counter
from typing import cast

from fastapi import Request

from service.admission import Admission
from service.collection import Collection
from service.metrics import Metrics
from service.receipts import Receipts
from service.runtime import usable_cores
from service.settings import Settings
from service.workers import Workers


@dataclass(slots=True)
class ServiceState:
    """The state of one application.

    Attributes:
        settings: How it was told to run.
        metrics: What it counts.
        admission: Who may generate.
        receipts: What was sent.
        workers: What generates.
        collection: Its models, or None until they are loaded.
        failure: Why it cannot start; None if it can.
        deadline: When running requests will be broken, by `perf_counter`; None unless it is told to stop.
    """

    settings: Settings
    metrics: Metrics
    admission: Admission
    receipts: Receipts
    workers: Workers
    collection: Collection | None = None
    failure: Exception | None = None
    deadline: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> "ServiceState":
        """The state of an application that is about to start."""
        admission = Admission(
            settings.max_streams, settings.max_waiting, settings.max_per_client, settings.queue_seconds
        )
        workers = Workers(settings.threads or usable_cores())
        state = cls(settings, Metrics(), admission, Receipts(settings.receipt_seconds), workers)
        state.metrics.in_flight.set_function(lambda: len(admission.running))
        state.metrics.queue_depth.set_function(lambda: len(admission.waiting))
        state.metrics.draining.set_function(lambda: state.draining)
        return state

    @property
    def draining(self) -> bool:
        """Whether it was told to stop."""
        return self.deadline is not None

    @property
    def overdue(self) -> bool:
        """Whether running requests are being broken because it stops."""
        return self.deadline is not None and perf_counter() >= self.deadline


def state_of(request: Request) -> ServiceState:
    """The state of the application that a request was made to."""
    return cast(ServiceState, request.app.state.service)
