"""Events of a running service, over HTTP."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from events.batch import EventBatch, concatenate
from events.errors import EventFileError
from events.files import read_events
from service.generator import Validity

_IDLE_SECONDS: Final = 60.0
_PREFIX: Final = "x-eventmill-"


class ServiceError(ValueError):
    """A service cannot be reached, refuses, or does not send what it announces."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a service sent.

    Attributes:
        events: The events.
        facts: What its headers tell of them, such as ``process`` and ``model-digest``.
    """

    events: EventBatch
    facts: Mapping[str, str]


def request_events(url: str, n: int, seed: int, validity: Validity = "valid") -> Reply:
    """Events `0` to ``n - 1`` of a data set of a running service.

    Args:
        url: Where it generates, such as ``http://localhost:8000/generate?process=ttbar``; its parameters are
            handed on, together with the following ones.
        n: Number of events.
        seed: Seed of the data set.
        validity: Valid events, or the model's raw output.

    Raises:
        ServiceError: If the events do not arrive, all of them; the message tells why.
    """
    wanted = {"n": n, "seed": seed, "validity": validity, "format": "arrow"}
    scheme, host, path, query, _ = urlsplit(url)
    address = urlunsplit((scheme, host, path, urlencode(dict(parse_qsl(query)) | wanted), ""))
    with TemporaryDirectory() as folder:
        body = Path(folder, "events.arrows")
        facts = _download(address, body)
        return Reply(_read(body, n, address), facts)


def _download(address: str, body: Path) -> dict[str, str]:
    """Stream the body to a file; gives what the headers tell."""
    # The user named this address as that of a service.
    request = Request(address, method="POST")  # noqa: S310
    try:
        with urlopen(request, timeout=_IDLE_SECONDS) as reply, body.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(reply, file)
            headers = reply.headers.items()
    except HTTPError as error:
        raise ServiceError(f"{address} answered {error.code}: {_problem(error)}") from error
    except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
        raise ServiceError(f"{address} cannot be read: {getattr(error, 'reason', error)}") from error
    facts = {name.lower(): value for name, value in headers}
    return {name.removeprefix(_PREFIX): value for name, value in facts.items() if name.startswith(_PREFIX)}


def _problem(error: HTTPError) -> str:
    """What a problem document (RFC 9457) says, or the reason of the status."""
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)


def _read(body: Path, n: int, address: str) -> EventBatch:
    try:
        batches = list(read_events(body))
    except EventFileError as error:
        raise ServiceError(f"{address} did not send whole events in Arrow format: {error}") from error
    received = sum(map(len, batches))
    if received != n:
        raise ServiceError(f"{address} sent {received:,} events, where {n:,} were asked for")
    return concatenate(batches)
