"""``docker compose up`` for real: builds the image, runs it hardened, fetches events, asks Prometheus."""

import re
import subprocess
from itertools import islice

import pytest
import requests

from tests.docker.compose import Stack, eventually, run
from tests.docker.dashboard import expressions


def counter(stack: Stack, name: str) -> float:
    """Sum of a metric over its labels, as the service tells it."""
    text = requests.get(stack.url("/metrics"), timeout=10).text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (\S+)$", text, re.MULTILINE))


def test_thousand_events_arrive(stack: Stack) -> None:
    lines = stack.events(1000)
    assert len(lines) == 1000
    assert all(line.split(";")[1] == "ttbar" and line.endswith(";") for line in lines)


def test_metrics_count_what_was_fetched(stack: Stack) -> None:
    names = ("eventmill_events_delivered_total", "eventmill_requests_total", "eventmill_response_bytes_total")
    before = [counter(stack, name) for name in names]
    n_bytes = sum(len(line) + 1 for line in stack.events(1000))
    rise = [counter(stack, name) - start for name, start in zip(names, before, strict=True)]
    assert rise == [1000, 1, n_bytes]


def test_prometheus_accepts_its_configuration(stack: Stack) -> None:
    status, output = stack.shell("prometheus", "promtool check config /etc/prometheus/prometheus.yml")
    assert status == 0, output


def test_prometheus_scrapes_the_one_service_that_runs(stack: Stack) -> None:
    eventually(lambda: stack.query('up{job="eventmill"} == 1'), seconds=60)
    assert len(stack.query('up{job="eventmill"}')) == 1


def test_prometheus_has_the_value_that_the_service_tells(stack: Stack) -> None:
    stack.events(1000)
    expected = counter(stack, "eventmill_events_delivered_total")

    def agrees() -> bool:
        result = stack.query("sum(eventmill_events_delivered_total)")
        return [float(series["value"][1]) for series in result] == [expected]

    assert eventually(agrees, seconds=30)


def test_every_panel_of_the_dashboard_has_data(stack: Stack) -> None:
    assert requests.post(stack.url("/generate?process=none&n=1"), timeout=10).status_code == 404

    def empty() -> list[str]:
        stack.events(1000)
        return [expression for expression in expressions() if not stack.query(expression)]

    eventually(lambda: not empty(), seconds=60)


@pytest.mark.parametrize("service", ["eventmill", "prometheus"])
def test_container_is_hardened(stack: Stack, service: str) -> None:
    host = stack.inspect(service)["HostConfig"]
    assert host["ReadonlyRootfs"]
    assert host["CapDrop"] == ["ALL"]
    assert host["SecurityOpt"] == ["no-new-privileges:true"]
    assert host["Memory"] > 0
    addresses = {binding["HostIp"] for bindings in host["PortBindings"].values() for binding in bindings}
    assert addresses == {"127.0.0.1"}


def test_service_runs_without_privileges(stack: Stack) -> None:
    _, identity = stack.shell(
        "eventmill", "id --user; grep CapEff /proc/1/status; grep NoNewPrivs /proc/1/status"
    )
    assert identity.split() == ["10001", "CapEff:", "0" * 16, "NoNewPrivs:", "1"]


def test_only_the_temporary_folder_can_be_written_to(stack: Stack) -> None:
    status, output = stack.shell("eventmill", "touch /tmp/file && touch /opt/eventmill/file")
    assert status != 0
    assert "'/opt/eventmill/file': Read-only file system" in output


def test_runtime_reports_to_nobody(stack: Stack) -> None:
    # With telemetry, onnxruntime complains that a read-only file system cannot keep its identifier.
    log = stack.compose("logs", "eventmill")
    assert "Uvicorn running" in log
    assert "telemetry" not in log


@pytest.mark.parametrize("program", ["gcc", "cc", "make", "pip", "pip3"])
def test_image_has_no_tool_to_build_or_install(stack: Stack, program: str) -> None:
    status, output = stack.shell("eventmill", f"command -v {program}")
    assert (status, output) == (127, "")


@pytest.mark.parametrize("module", ["pip", "tensorflow", "tf2onnx", "pytest"])
def test_image_has_no_module(stack: Stack, module: str) -> None:
    status, output = stack.shell("eventmill", f"python -c 'import {module}'")
    assert status == 1
    assert f"No module named '{module}'" in output


def test_image_ships_bytecode(stack: Stack) -> None:
    status, _ = stack.shell(
        "eventmill", "ls $(python -c 'import service; print(service.__path__[0])')/__pycache__/app.*"
    )
    assert status == 0


def test_image_stays_small(stack: Stack) -> None:
    size = int(
        run("docker", "image", "inspect", "--format", "{{.Size}}", stack.inspect("eventmill")["Image"])
    )
    assert size < 800e6


def test_stopping_lets_a_download_finish(stack: Stack) -> None:
    # The last test, as the service is gone after it: the engine would have killed it with exit code 137.
    n = 150_000
    answer = requests.post(stack.url(f"/generate?process=ttbar&n={n}"), stream=True, timeout=60)
    lines = answer.iter_lines(chunk_size=1 << 20)
    begun = sum(1 for _ in islice(lines, 1000))
    with stack.begin("stop", "eventmill") as stop:
        # Nothing is read meanwhile, so most events are yet to be made when the service is told to stop.
        with pytest.raises(subprocess.TimeoutExpired):
            stop.wait(2)
        rest = sum(1 for _ in lines)
    assert begun + rest == n
    assert stop.returncode == 0
    assert stack.inspect("eventmill")["State"]["ExitCode"] == 0
