"""Clients of every kind, each of which acts again and again until it is told to stop."""

import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Final

from events.formats import FORMAT_NAMES
from tests.soak.lives import Service
from tests.soak.reference import EVENTS, SEED, Reference
from tests.support.servers import response, status

_BROKEN: Final = (OSError, HTTPException)
_REFUSALS: Final = {429, 503}


@dataclass
class World:
    """What the clients share.

    Attributes:
        service: What they ask.
        references: What it must answer.
        stop: Set when they shall stop.
        done: What they did, by name.
        faults: What must not have happened.
    """

    service: Service
    references: list[Reference]
    stop: threading.Event = field(default_factory=threading.Event)
    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def act_for_ever(self, act: Callable[["World", random.Random], str], seed: int) -> None:
        """Act, and count what was done."""
        rng = random.Random(seed)
        while not self.stop.is_set():
            if not self.service.up.wait(1):
                continue
            life = self.service.lives
            try:
                self.done[act(self, rng)] += 1
            except _BROKEN as error:
                self.done["broken connections"] += 1
                if life == self.service.lives and self.service.up.is_set() and _settled(self, life):
                    self.faults.append(f"{act.__name__}: {error!r}")
            except Exception as error:  # noqa: BLE001 - whatever it is, the soak has failed
                self.faults.append(f"{act.__name__}: {error!r}")


def _settled(world: World, life: int) -> bool:
    """Whether the service goes on living, so that nothing excuses a broken connection."""
    time.sleep(1)
    return world.service.up.is_set() and life == world.service.lives


@dataclass(frozen=True)
class Ask:
    """A slice to ask for."""

    reference: Reference
    offset: int
    n: int

    @classmethod
    def random(cls, world: World, rng: random.Random, most: int) -> "Ask":
        n = rng.randint(1, most)
        return cls(rng.choice(world.references), rng.randint(0, EVENTS - n), n)

    @property
    def target(self) -> str:
        name = f"process={self.reference.process}&model={self.reference.model}&seed={SEED}"
        return f"/generate?{name}&offset={self.offset}&n={self.n}"


def _client(rng: random.Random) -> dict[str, str]:
    """Headers of one of a few clients."""
    return {"X-Forwarded-For": f"10.0.0.{rng.randrange(4)}"}


def _refused(world: World, answer: HTTPResponse) -> bool:
    """Whether a request was turned away, which has to come with advice."""
    if answer.status in _REFUSALS:
        if int(answer.headers.get("Retry-After", 0)) < 1:
            world.faults.append(f"{answer.status} without Retry-After")
        time.sleep(0.2)
        return True
    if answer.status != 200:
        world.faults.append(f"status {answer.status}: {answer.read()!r}")
    return answer.status != 200


def fetch(world: World, rng: random.Random) -> str:
    """Fetch a slice in any format, and its receipt."""
    format_ = rng.choice(FORMAT_NAMES)
    ask = Ask.random(world, rng, 20_000 if format_ == "csv" else 2_000)
    with response(world.service.port, "POST", f"{ask.target}&format={format_}", _client(rng)) as answer:
        if _refused(world, answer):
            return "refused"
        body = answer.read()
    if not ask.reference.holds(format_, body, ask.offset, ask.n):
        world.faults.append(f"wrong bytes: {ask.target}&format={format_}")
    return f"fetched {format_}"


def resume(world: World, rng: random.Random) -> str:
    """Fetch many events, going on by offset whenever the connection breaks."""
    ask, lines = Ask.random(world, rng, EVENTS), list[bytes]()
    while len(lines) < ask.n and not world.stop.is_set():
        rest = Ask(ask.reference, ask.offset + len(lines), ask.n - len(lines))
        try:
            with response(world.service.port, "GET", rest.target, _client(rng)) as answer:
                if not _refused(world, answer):
                    lines += _whole_lines(answer)
        except _BROKEN:
            time.sleep(0.2)
    if lines != ask.reference.lines[ask.offset : ask.offset + len(lines)]:
        world.faults.append(f"wrong bytes after resuming: {ask.target}")
    return "resumed"


def _whole_lines(answer: HTTPResponse) -> list[bytes]:
    """The lines that arrive until the answer ends or breaks."""
    body = bytearray()
    try:
        while chunk := answer.read1(65536):
            body += chunk
    except _BROKEN:
        del body[body.rfind(b"\n") + 1 :]
    return bytes(body).splitlines(keepends=True)


def leave(world: World, rng: random.Random) -> str:
    """Leave in the midst of an answer, politely or not."""
    ask = Ask.random(world, rng, EVENTS)
    with response(world.service.port, "POST", ask.target, _client(rng)) as answer:
        if _refused(world, answer):
            return "refused"
        answer.read(rng.randrange(1, 500_000))
        if rng.random() < 0.5 and isinstance(raw := getattr(answer.fp, "raw", None), socket.SocketIO):
            reset = struct.pack("ii", 1, 0)
            raw._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)  # type: ignore[attr-defined] # noqa: SLF001
    return "left"


def stall(world: World, rng: random.Random) -> str:
    """Stop reading for longer than the service bears."""
    target = Ask.random(world, rng, 10).target + "0000000"
    with response(world.service.port, "POST", target, _client(rng), buffer=65536) as answer:
        if _refused(world, answer):
            return "refused"
        answer.readline()
        world.stop.wait(6)
    return "stalled"


def read_slowly(world: World, rng: random.Random) -> str:
    """Read in small portions, with pauses that the service has to bear."""
    ask, body = Ask.random(world, rng, 10_000), bytearray()
    with response(world.service.port, "POST", ask.target, _client(rng), buffer=65536) as answer:
        if _refused(world, answer):
            return "refused"
        while chunk := answer.read(300_000):
            body += chunk
            time.sleep(0.5)
    if not ask.reference.holds("csv", bytes(body), ask.offset, ask.n):
        world.faults.append(f"wrong bytes, read slowly: {ask.target}")
    return "read slowly"


def err(world: World, rng: random.Random) -> str:
    """Ask for what there is not, or speak something else than HTTP."""
    target, wanted = rng.choice(
        [
            ("/generate?process=higgs&n=1", 404),
            ("/generate?process=ttbar&n=0", 422),
            ("/generate?process=ttbar&n=999999999999", 422),
            ("/generate?process=ttbar&n=1&model_digest=" + "0" * 64, 409),
            ("/requests/nobody", 404),
        ]
    )
    with response(world.service.port, "GET", target) as answer:
        # While its models are loaded, it knows no better.
        if answer.status not in {wanted, 503}:
            world.faults.append(f"status {answer.status} and not {wanted}: {target}")
    with socket.create_connection(("127.0.0.1", world.service.port), 10) as connection:
        connection.sendall(rng.randbytes(100))
    world.stop.wait(0.2)
    return "erred"


def probe(world: World, _: random.Random) -> str:
    """Ask how the service is, which it must always tell."""
    begin = time.perf_counter()
    for target in ("/health/live", "/metrics"):
        if status(world.service.port, target) != 200:
            world.faults.append(f"{target} fails")
    if time.perf_counter() - begin > 5:
        world.faults.append("probes are slow")
    world.stop.wait(0.5)
    return "probed"


CLIENTS: Final = (fetch, fetch, fetch, resume, resume, leave, leave, stall, read_slowly, err, probe)
