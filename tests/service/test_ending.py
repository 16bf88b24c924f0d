"""How the service ends, and what an end costs its clients."""

import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.servers import ServingProcess, fetched, response, serving_process, status, wait_until

GENERATE = "/generate?process=ttbar&seed=5"


@contextmanager
def streaming(
    models: Path, *options: str, n: int = 50_000_000
) -> Iterator[tuple[ServingProcess, http.client.HTTPResponse]]:
    """A service in the midst of an answer."""
    with (
        serving_process(models, *options) as service,
        response(service.port, "POST", f"{GENERATE}&n={n}") as answer,
    ):
        answer.readline()
        yield service, answer


def refuses(port: int) -> bool:
    try:
        return not status(port, "/health/live")
    except ConnectionError:
        return True


def test_the_end_comes_in_steps(large_blocks: Path) -> None:
    with streaming(large_blocks, "--drain-seconds", "1", n=100_000) as (service, answer):
        service.process.terminate()
        wait_until(lambda: status(service.port, "/health/ready") == 503, seconds=0.9)
        assert status(service.port, "/health/live") == 200
        assert fetched(service.port, f"{GENERATE}&n=10").count(b"\n") == 10
        wait_until(lambda: refuses(service.port), seconds=5)
        assert service.process.poll() is None
        assert answer.read().count(b"\n") == 99_999
        assert service.process.wait(10) == 0


def test_answers_that_do_not_end_in_time_are_broken(large_blocks: Path) -> None:
    with streaming(large_blocks, "--drain-seconds", "0", "--shutdown-seconds", "1") as (service, answer):
        service.process.terminate()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        assert service.process.wait(10) == 0
        wait_until(lambda: any("outcome=drained" in line for line in service.log))


def test_a_second_signal_ends_the_service_at_once(large_blocks: Path) -> None:
    with streaming(large_blocks, "--drain-seconds", "60", "--shutdown-seconds", "60") as (service, answer):
        service.process.terminate()
        wait_until(lambda: status(service.port, "/health/ready") == 503)
        service.process.terminate()
        with pytest.raises(http.client.IncompleteRead):
            answer.read()
        service.process.wait(10)


def test_a_client_that_reads_nothing_does_not_delay_the_end(large_blocks: Path) -> None:
    with streaming(large_blocks, "--drain-seconds", "0", "--shutdown-seconds", "1") as (service, _):
        time.sleep(0.5)
        service.process.terminate()
        service.process.wait(10)


def test_a_kill_costs_a_resume_by_offset_and_nothing_else(large_blocks: Path) -> None:
    with streaming(large_blocks) as (service, answer):
        received = bytearray(answer.read(3_000_000))
        service.process.kill()
        try:
            received += answer.read()
        except http.client.IncompleteRead as error:
            received += error.partial
    # The first line was read apart.
    whole = bytes(received[: received.rindex(b"\n") + 1])
    have = 1 + whole.count(b"\n")
    with serving_process(large_blocks) as service:
        rest = fetched(service.port, f"{GENERATE}&offset={have}&n=5000")
        uninterrupted = fetched(service.port, f"{GENERATE}&n={have + 5000}")
    assert uninterrupted[uninterrupted.index(b"\n") + 1 :] == whole + rest
