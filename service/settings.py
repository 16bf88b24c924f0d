"""Settings of the service, from the environment or the command line."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.manifest import Name
from service.runtime import Device

_DAY = 86400


class Settings(BaseSettings):
    """How the service runs. Each field can be set by an environment variable, such as ``EVENTMILL_PORT``.

    Attributes:
        host: Address to listen on. Anything but the default can be reached from other machines.
        port: TCP port to listen on; 0 lets the system choose one.
        models: Folder of the models; those shipped with the package by default.
        default_model: Model that serves a process when a request names none and the process has several.
        device: Where the models run. With ``cuda``, or ``cuda:1`` for the second GPU, the service refuses to
            start without a usable one.
        threads: Threads that generate and encode events; one for each usable core by default. More only
            compete.
        max_events: Most events of one request. Memory does not depend on it, only how long a request may
            take.
        max_streams: Requests that are answered at once; each holds some blocks of events in memory.
        max_waiting: Requests that wait for one of them to end; with 0, any more are turned away.
        max_per_client: Requests of one client address, answered and waiting.
        queue_seconds: Longest wait for a place.
        request_seconds: Longest duration of an answer.
        stall_seconds: Time for which a client may read nothing before its connection is broken.
        receipt_seconds: Time for which the receipt of a request is kept.
        reload_seconds: Pause between looks for changed models; 0 looks at the start only.
        drain_seconds: Time between telling that the service is about to stop and refusing connections.
        shutdown_seconds: Time that running requests have to finish after that; then their connections are
            broken.
    """

    model_config = SettingsConfigDict(env_prefix="EVENTMILL_", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    models: Path | None = None
    default_model: Name = "flow-refined"
    device: Device = "cpu"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    max_events: Annotated[int, Field(ge=1, le=10**12)] = 100_000_000
    max_streams: Annotated[int, Field(ge=1, le=10_000)] = 32
    max_waiting: Annotated[int, Field(ge=0, le=10_000)] = 64
    max_per_client: Annotated[int, Field(ge=1, le=20_000)] = 24
    queue_seconds: Annotated[float, Field(gt=0, le=_DAY)] = 30
    request_seconds: Annotated[float, Field(gt=0, le=7 * _DAY)] = 6 * 3600
    stall_seconds: Annotated[float, Field(gt=0, le=_DAY)] = 60
    receipt_seconds: Annotated[float, Field(ge=0, le=_DAY)] = 3600
    reload_seconds: Annotated[float, Field(ge=0, le=_DAY)] = 2
    drain_seconds: Annotated[float, Field(ge=0, le=_DAY)] = 2
    shutdown_seconds: Annotated[int, Field(ge=0, le=_DAY)] = 30
