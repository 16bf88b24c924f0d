"""Settings of the service, from the environment or the command line."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from models.manifest import Name
from service.runtime import Device


class Settings(BaseSettings):
    """How the service runs. Each field can be set by an environment variable, such as ``EVENTMILL_PORT``.

    Attributes:
        host: Address to listen on. Anything but the default can be reached from other machines.
        port: TCP port to listen on; 0 lets the system choose one.
        models: Folder of the models; those shipped with the package by default.
        default_model: Model that serves a process when a request names none and the process has several.
        device: Where the models run. With ``cuda`` the service refuses to start without a usable GPU.
        threads: Threads that generate and encode events; one for each usable core by default. More only
            compete.
        max_events: Most events of one request. Memory does not depend on it, only how long a request may
            take.
        shutdown_seconds: Time in seconds that running requests have to finish once the service is told to
            stop; then their connections are broken.
    """

    model_config = SettingsConfigDict(env_prefix="EVENTMILL_", frozen=True)

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    models: Path | None = None
    default_model: Name = "exp2"
    device: Device = "cpu"
    threads: Annotated[int, Field(ge=1, le=1024)] | None = None
    max_events: Annotated[int, Field(ge=1, le=10**12)] = 100_000_000
    shutdown_seconds: Annotated[int, Field(ge=0, le=86400)] = 30
