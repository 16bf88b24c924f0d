"""Services on real sockets, and plain clients of them."""

import http.client
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import uvicorn
from fastapi import FastAPI

EVENTMILL = [sys.executable, "-c", "from service.cli import main; main()"]


@dataclass(frozen=True)
class ServingProcess:
    """A running ``eventmill serve``."""

    port: int
    process: subprocess.Popen[str]


@contextmanager
def served_by_process(models: Path, *options: str) -> Iterator[int]:
    """``eventmill serve`` in a process of its own; gives its port."""
    with serving_process(models, *options) as service:
        yield service.port


@contextmanager
def serving_process(models: Path, *options: str) -> Iterator[ServingProcess]:
    """``eventmill serve`` in a process of its own, which a test may end before."""
    command = [*EVENTMILL, "serve", "--port", "0", "--models", str(models), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        try:
            port = _announced_port(process.stderr)
            # An unread pipe would fill up and block the service.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield ServingProcess(port, process)
        finally:
            process.terminate()
            process.wait(30)


def _announced_port(log: IO[str]) -> int:
    lines = []
    for line in log:
        lines.append(line)
        if found := re.search(r"running on http://127\.0\.0\.1:(\d+)", line):
            return int(found[1])
    raise AssertionError("the service did not start:\n" + "".join(lines))


@contextmanager
def served_by_thread(app: FastAPI) -> Iterator[int]:
    """An application on a real socket in a thread of this process; gives its port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started or not thread.is_alive())
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(30)


@contextmanager
def response(port: int, method: str, target: str) -> Iterator[http.client.HTTPResponse]:
    """A response whose body has not been read."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, target)
        yield connection.getresponse()
    finally:
        connection.close()


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
