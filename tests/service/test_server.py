"""The service on real sockets."""

import http.client
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest

from service.collection import Collection
from service.settings import Settings
from tests.support.generators import FailingGenerator
from tests.support.servers import (
    ServingProcess,
    altered,
    fetched,
    metrics,
    response,
    served_by_thread,
    serving_process,
    status,
    wait_until,
)

GENERATE = "/generate?process=ttbar&seed=5"
GENERATED = 'eventmill_events_generated_total{model="exp2",process="ttbar"}'
IN_FLIGHT = "eventmill_requests_in_flight"
MIB = 2**20


@pytest.fixture(scope="module")
def service(large_blocks: Path) -> Iterator[ServingProcess]:
    with serving_process(large_blocks) as service:
        yield service


@pytest.fixture(scope="module")
def port(service: ServingProcess) -> int:
    return service.port


def outcome(name: str, format_: str = "csv") -> str:
    return f'eventmill_requests_total{{format="{format_}",model="exp2",outcome="{name}",process="ttbar"}}'


def test_a_hundred_thousand_events_arrive(port: int) -> None:
    before = metrics(port)
    with response(port, "POST", f"{GENERATE}&n=100000") as answer:
        lines = sum(1 for line in answer if line.endswith(b";\n"))
    after = metrics(port)
    assert lines == 100_000
    assert after[outcome("ok")] - before.get(outcome("ok"), 0) == 1
    assert after[GENERATED] - before[GENERATED] == 100_000


def test_arrow_streams_too(port: int) -> None:
    with response(port, "POST", f"{GENERATE}&n=20000&format=arrow") as answer:
        rows = pa.ipc.open_stream(answer.read()).read_all().num_rows
    assert rows == 20_000


def test_two_clients_at_once_get_their_own_events(port: int) -> None:
    with (
        response(port, "POST", f"{GENERATE}&n=5000") as first,
        response(port, "POST", f"{GENERATE}&n=5000&offset=100") as second,
    ):
        interleaved = [(first.readline(), second.readline()) for _ in range(4900)]
        rest = first.read()
    assert [line for _, line in interleaved[:4800]] == [line for line, _ in interleaved[100:]]
    assert rest.count(b"\n") == 100


def test_a_client_that_leaves_stops_the_generation(port: int) -> None:
    before = metrics(port)
    with response(port, "POST", f"{GENERATE}&n=50000000") as answer:
        answer.read(100)
        assert metrics(port)[IN_FLIGHT] == 1
    wait_until(lambda: metrics(port)[IN_FLIGHT] == 0)
    after = metrics(port)
    assert after[outcome("client_closed")] - before.get(outcome("client_closed"), 0) == 1
    assert after[GENERATED] - before[GENERATED] < 200_000
    assert metrics(port)[GENERATED] == after[GENERATED]


def settled(port: int) -> dict[str, float]:
    """The metrics once nothing has been generated for a second."""
    for _ in range(20):
        before = metrics(port)
        time.sleep(1)
        after = metrics(port)
        if after[GENERATED] == before[GENERATED]:
            return after
    raise AssertionError("the generation goes on and on")


def test_a_slow_reader_slows_the_generation_and_holds_little_memory(port: int) -> None:
    before = metrics(port)
    with response(port, "POST", f"{GENERATE}&n=50000000") as answer:
        answer.read(100)
        held = settled(port)
        answer.read(20 * MIB)
        moved = metrics(port)
    assert held[GENERATED] - before[GENERATED] < 200_000
    assert moved[GENERATED] > held[GENERATED]
    rss = "process_resident_memory_bytes"
    assert held[rss] - before[rss] < 64 * MIB
    wait_until(lambda: metrics(port)[IN_FLIGHT] == 0)


def test_memory_does_not_grow_with_n(port: int) -> None:
    rss = "process_resident_memory_bytes"
    with response(port, "POST", f"{GENERATE}&n=200000") as answer:
        answer.read(4 * MIB)
        early = metrics(port)[rss]
        while answer.read(MIB):
            pass
    assert metrics(port)[rss] - early < 32 * MIB


@pytest.fixture(scope="module")
def failing_port(shelf_root: Path) -> Iterator[int]:
    """A service whose model fails in the fourth block."""

    settings = Settings(models=shelf_root, port=0)
    with served_by_thread(settings, altered(partial(FailingGenerator, fails_at=3))) as port:
        yield port


@pytest.mark.parametrize("format_", ["csv", "arrow"])
def test_a_failure_in_midstream_breaks_the_connection(failing_port: int, format_: str) -> None:
    with response(failing_port, "POST", f"{GENERATE}&n=5000&format={format_}") as answer:
        assert answer.status == 200
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
    assert b"made to fail" not in caught.value.partial
    counted = metrics(failing_port)
    assert counted[outcome("error", format_)] == 1
    assert counted[IN_FLIGHT] == 0


def test_curl_notices_a_broken_stream(failing_port: int) -> None:
    url = f"http://127.0.0.1:{failing_port}{GENERATE}&n=5000"
    try:
        curl = subprocess.run(["curl", "-s", "-X", "POST", url], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no curl")
    assert curl.returncode == 18
    assert curl.stdout.count(b"\n") == 3 * 256


def test_a_failure_before_the_first_byte_has_a_status(failing_port: int) -> None:
    with response(failing_port, "POST", f"{GENERATE}&n=10&offset=768") as answer:
        assert answer.status == 500
        assert b"model_failed" in answer.read()


def test_other_requests_survive_a_failure(failing_port: int) -> None:
    with response(failing_port, "POST", f"{GENERATE}&n=768") as answer:
        assert answer.read().count(b"\n") == 768


def test_any_slice_is_the_same_whatever_else_goes_on(large_blocks: Path, port: int) -> None:
    whole = fetched(port, f"{GENERATE}&n=12000").splitlines(keepends=True)
    rng = random.Random(3)
    cuts = [sorted(rng.sample(range(12_001), 2)) for _ in range(16)]
    with (
        serving_process(large_blocks, "--threads", "3") as other,
        ThreadPoolExecutor(8) as clients,
    ):
        targets = [f"{GENERATE}&offset={start}&n={stop - start}" for start, stop in cuts]
        bodies = list(clients.map(fetched, [port, other.port] * 8, targets))
    assert bodies == [b"".join(whole[start:stop]) for start, stop in cuts]


def test_readers_that_stop_hold_bounded_memory_and_nobody_up(port: int) -> None:
    rss = "process_resident_memory_bytes"
    before = metrics(port)[rss]
    with ExitStack() as stack:
        for _ in range(20):
            stalled = stack.enter_context(response(port, "POST", f"{GENERATE}&n=50000000", buffer=65536))
            assert stalled.status == 200
        assert fetched(port, f"{GENERATE}&n=20000").count(b"\n") == 20_000
        assert metrics(port)[IN_FLIGHT] == 20
        assert metrics(port)[rss] - before < 20 * 6 * MIB
    wait_until(lambda: metrics(port)[IN_FLIGHT] == 0)


def test_probes_are_not_logged(service: ServingProcess) -> None:
    assert status(service.port, "/metrics") == status(service.port, "/models") == 200
    wait_until(lambda: any("GET /models" in line for line in service.log))
    assert not [line for line in service.log if "/health" in line or "/metrics" in line]


def test_the_port_answers_while_the_models_are_loaded(large_blocks: Path) -> None:
    gate = threading.Event()

    def open_late(settings: Settings, last: Collection | None) -> Collection:
        assert gate.wait(30)
        return Collection.open(settings, last)

    with served_by_thread(Settings(models=large_blocks, port=0), open_late, ready=False) as port:
        assert status(port, "/health/live") == 200
        with response(port, "POST", f"{GENERATE}&n=1") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        gate.set()
        wait_until(lambda: status(port, "/health/ready") == 200)
        assert fetched(port, f"{GENERATE}&n=1").count(b"\n") == 1
