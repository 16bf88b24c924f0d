"""What an application holds while it runs, and how routes reach it."""

from dataclasses import dataclass
from typing import cast

from fastapi import Request

from service.engine import Engine
from service.metrics import Metrics
from service.settings import Settings


@dataclass(slots=True)
class ServiceState:
    """The state of one application.

    Attributes:
        settings: How it was told to run.
        metrics: What it counts.
        engine: Its models, or None until they are loaded and once they are not.
    """

    settings: Settings
    metrics: Metrics
    engine: Engine | None = None


def state_of(request: Request) -> ServiceState:
    """The state of the application that a request was made to."""
    return cast(ServiceState, request.app.state.service)
