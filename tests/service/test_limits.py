"""Too many clients, slow ones, and those that leave or stop reading."""

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from http.client import HTTPException, HTTPResponse
from pathlib import Path

import pytest

from tests.support.servers import ServingProcess, fetched, metrics, response, serving_process, wait_until

GENERATE = "/generate?process=ttbar&seed=5"
ENDLESS = f"{GENERATE}&n=50000000"
IN_FLIGHT = "eventmill_requests_in_flight"
QUEUE = "eventmill_queue_depth"
OPTIONS = (
    "--max-streams", "2", "--max-waiting", "2", "--max-per-client", "3", "--stall-seconds", "2",
    "--queue-seconds", "20",
)  # fmt: skip


@pytest.fixture(scope="module")
def service(large_blocks: Path) -> Iterator[ServingProcess]:
    with serving_process(large_blocks, *OPTIONS) as service:
        yield service


@pytest.fixture
def port(service: ServingProcess) -> Iterator[int]:
    """A service that is idle before and after."""
    yield service.port
    wait_until(lambda: metrics(service.port)[IN_FLIGHT] == metrics(service.port)[QUEUE] == 0)


def outcomes(port: int, name: str) -> float:
    counted = metrics(port).items()
    return sum(value for key, value in counted if "requests_total" in key and f'outcome="{name}"' in key)


def client(name: str) -> dict[str, str]:
    """Headers that make a request come from a client of its own; uvicorn trusts its own machine in that."""
    return {"X-Forwarded-For": f"10.0.0.{name}"}


def read_for_ever(answer: HTTPResponse, stop: threading.Event) -> None:
    while not stop.is_set() and answer.read(65536):
        pass


def test_more_than_it_can_take_is_turned_away_at_once(port: int) -> None:
    stop, readers = threading.Event(), []
    with ExitStack() as stack:
        for name in "12":
            answer = stack.enter_context(response(port, "POST", ENDLESS, client(name)))
            readers.append(threading.Thread(target=read_for_ever, args=(answer, stop)))
            readers[-1].start()
        waiting = [threading.Thread(target=wait_for_a_place, args=(port, name)) for name in "34"]
        for thread in waiting:
            thread.start()
        wait_until(lambda: metrics(port)[QUEUE] == 2)
        begin = time.perf_counter()
        for number in range(20):
            with response(port, "POST", f"{GENERATE}&n=10", client(f"{100 + number}")) as answer:
                problem = json.loads(answer.read())
                assert (answer.status, problem["code"]) == (503, "overloaded")
                assert int(answer.headers["Retry-After"]) >= 1
            with response(port, "GET", "/health/ready") as answer:
                assert answer.status == 200
        assert time.perf_counter() - begin < 5
        stop.set()
        for thread in readers:
            thread.join(30)
    for thread in waiting:
        thread.join(30)
    assert outcomes(port, "shed") >= 20


def wait_for_a_place(port: int, name: str) -> None:
    with response(port, "POST", f"{GENERATE}&n=10", client(name)) as answer:
        assert answer.read().count(b"\n") == 10


def test_one_client_may_not_have_all_places_of_the_queue(port: int) -> None:
    with ExitStack() as stack:
        threads = []
        for _ in range(3):
            threads.append(threading.Thread(target=leave_soon, args=(port, "7")))
            threads[-1].start()
        wait_until(lambda: metrics(port)[IN_FLIGHT] + metrics(port)[QUEUE] == 3)
        answer = stack.enter_context(response(port, "POST", f"{GENERATE}&n=10", client("7")))
        assert (answer.status, json.loads(answer.read())["code"]) == (429, "too_many_requests")
        assert answer.headers["Retry-After"]
        for thread in threads:
            thread.join(30)


def leave_soon(port: int, name: str) -> None:
    try:
        with response(port, "POST", ENDLESS, client(name)) as answer:
            answer.readline()
            time.sleep(0.5)
    except HTTPException:
        pass


def test_who_reads_nothing_is_dropped_and_who_reads_slowly_is_not(port: int) -> None:
    before = outcomes(port, "stalled")
    with (
        response(port, "POST", ENDLESS, client("1"), buffer=65536) as stalled,
        response(port, "POST", f"{GENERATE}&n=20000", client("2"), buffer=65536) as slow,
    ):
        stalled.readline()
        body = b""
        while chunk := slow.read(500_000):
            body += chunk
            time.sleep(0.7)
        assert body.count(b"\n") == 20_000
        wait_until(lambda: outcomes(port, "stalled") == before + 1, seconds=10)
        with pytest.raises((HTTPException, ConnectionError)):
            stalled.read()


def test_who_asks_nothing_is_hung_up_on(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"POST /generate?process=ttbar")
        with suppress(ConnectionError):
            assert connection.recv(100) == b""


def test_a_place_is_free_as_soon_as_its_client_leaves(port: int) -> None:
    rng = random.Random(1)
    for _ in range(10):
        with (
            response(port, "POST", ENDLESS, client("1")) as first,
            response(port, "POST", ENDLESS, client("2")) as second,
        ):
            first.read(rng.randrange(1, 3_000_000))
            second.read(rng.randrange(1, 1_000))
        begin = time.perf_counter()
        assert fetched(port, f"{GENERATE}&n=10").count(b"\n") == 10
        assert time.perf_counter() - begin < 2


def test_who_leaves_while_waiting_is_forgotten(port: int) -> None:
    with (
        response(port, "POST", ENDLESS, client("1")),
        response(port, "POST", ENDLESS, client("2")),
    ):
        thread = threading.Thread(target=give_up, args=(port,))
        thread.start()
        wait_until(lambda: metrics(port)[QUEUE] == 1)
        thread.join(10)
        wait_until(lambda: metrics(port)[QUEUE] == 0, seconds=2)
        assert metrics(port)[IN_FLIGHT] == 2


def give_up(port: int) -> None:
    """Ask, and hang up before the answer."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"POST {ENDLESS} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.5)


def test_an_answer_that_takes_too_long_is_broken(large_blocks: Path) -> None:
    with (
        serving_process(large_blocks, "--request-seconds", "1") as service,
        response(service.port, "POST", ENDLESS) as answer,
    ):
        with pytest.raises(HTTPException):
            answer.read()
        wait_until(lambda: outcomes(service.port, "timeout") == 1)
