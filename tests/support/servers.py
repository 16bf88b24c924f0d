"""Services on real sockets, and plain clients of them."""

import http.client
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from fastapi.testclient import TestClient

from service.app import create_app
from service.collection import Collection
from service.generator import EventGenerator
from service.keeper import OpenCollection
from service.sampler import Sampler
from service.server import Server
from service.settings import Settings
from service.state import ServiceState

EVENTMILL = [sys.executable, "-c", "from service.cli import main; main()"]


@dataclass(frozen=True)
class ServingProcess:
    """A running ``eventmill serve``, and what it has logged."""

    port: int
    process: subprocess.Popen[str]
    log: list[str]


@contextmanager
def served_by_process(models: Path, *options: str) -> Iterator[int]:
    """``eventmill serve`` in a process of its own; gives its port."""
    with serving_process(models, *options) as service:
        yield service.port


@contextmanager
def serving_process(models: Path, *options: str) -> Iterator[ServingProcess]:
    """``eventmill serve`` in a process of its own, which a test may end before."""
    quick = ["--port", "0", "--drain-seconds", "0"]
    command = [*EVENTMILL, "serve", *quick, "--models", str(models), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            log: list[str] = []
            port = _announced_port(process.stdout)
            # An unread pipe would fill up and block the service.
            threading.Thread(target=log.extend, args=(process.stdout,), daemon=True).start()
            wait_until(lambda: status(port, "/health/ready") == 200, seconds=120)
            yield ServingProcess(port, process, log)
        finally:
            process.terminate()
            process.wait(90)


def _announced_port(log: IO[str]) -> int:
    lines = []
    for line in log:
        lines.append(line)
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise AssertionError("the service did not start:\n" + "".join(lines))


@contextmanager
def served_by_thread(
    settings: Settings, open_collection: OpenCollection = Collection.open, *, ready: bool = True
) -> Iterator[int]:
    """A service on a real socket in a thread of this process, ready or just started; gives its port."""
    state = ServiceState.of(settings)
    server = Server(create_app(state, open_collection), state)
    thread = threading.Thread(target=server.run)
    thread.start()
    with closing(state.workers):
        try:
            wait_until(lambda: server.started and (state.collection is not None or not ready))
            yield server.servers[0].sockets[0].getsockname()[1]
        finally:
            server.handle_exit(signal.SIGINT, None)
            thread.join(60)


@contextmanager
def ready_client(
    settings: Settings, open_collection: OpenCollection = Collection.open
) -> Iterator[TestClient]:
    """A client of a service without a socket."""
    state = ServiceState.of(settings)
    with closing(state.workers), TestClient(create_app(state, open_collection)) as client:
        wait_until(lambda: state.collection is not None)
        yield client


def altered(alter: Callable[[EventGenerator], EventGenerator]) -> OpenCollection:
    """Opens collections whose generators are altered."""

    def open_altered(settings: Settings, last: Collection | None) -> Collection:
        collection = Collection.open(settings, last)
        samplers = {key: Sampler(alter(each.generator)) for key, each in collection.samplers.items()}
        return replace(collection, samplers=samplers)

    return open_altered


@contextmanager
def response(
    port: int, method: str, target: str, headers: Mapping[str, str] | None = None, buffer: int | None = None
) -> Iterator[http.client.HTTPResponse]:
    """A response whose body has not been read.

    Args:
        port: Port of the service.
        method: HTTP method.
        target: Path and query.
        headers: Request headers.
        buffer: Bytes that the system may hold for the reader, roughly; many by default.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        if buffer is not None:
            connection.sock = socket.socket()
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            connection.sock.connect(("127.0.0.1", port))
        connection.request(method, target, headers=headers or {})
        yield connection.getresponse()
    finally:
        connection.close()


def fetched(port: int, target: str) -> bytes:
    """The whole body of the answer to a POST that must succeed."""
    with response(port, "POST", target) as answer:
        body = answer.read()
        assert answer.status == 200, body
        return body


def status(port: int, target: str) -> int:
    """The status of the answer to a GET."""
    with response(port, "GET", target) as answer:
        return answer.status


def metrics(port: int) -> dict[str, float]:
    """All samples of the service, by name and labels as in the exposition."""
    with response(port, "GET", "/metrics") as answer:
        lines = answer.read().decode().splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in samples}


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
