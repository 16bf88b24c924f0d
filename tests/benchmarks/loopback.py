"""Bodies over HTTP on this machine: a server that does nothing else, and a client as fast as can be."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive, Scope, Send

from tests.benchmarks.measure import median
from tests.support.servers import response, wait_until

_CHUNK = bytes(2**20)
_CHUNKS = 2048
_SERVE = """
import sys, uvicorn
uvicorn.run("tests.benchmarks.loopback:blank", port=int(sys.argv[1]), log_level="error")
"""


async def blank(scope: Scope, receive: Receive, send: Send) -> None:
    """An application whose answer is 2 GiB of zeros, in chunks of 1 MiB."""
    if scope["type"] != "http":
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(_CHUNKS):
        await send({"type": "http.response.body", "body": _CHUNK, "more_body": True})
    await send({"type": "http.response.body"})


def loopback_rate(runs: int) -> float:
    """Bytes a second through uvicorn."""
    with _served() as port:
        return _CHUNKS * len(_CHUNK) / median(lambda: read_body(port, "GET", "/"), runs)


def read_body(port: int, method: str, target: str) -> tuple[int, float]:
    """Bytes of an answer, and seconds until the first of them.

    Raises:
        RuntimeError: If the answer is an error.
    """
    buffer, begin = bytearray(2**20), time.perf_counter()
    with response(port, method, target) as answer:
        if answer.status != 200:
            raise RuntimeError(answer.read().decode())
        total = len(answer.read1(1))
        first = time.perf_counter() - begin
        while size := answer.readinto(buffer):
            total += size
        return total, first


@contextmanager
def _served() -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with subprocess.Popen([sys.executable, "-c", _SERVE, str(port)]) as process:
        try:
            wait_until(lambda: _listens(port))
            yield port
        finally:
            process.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
