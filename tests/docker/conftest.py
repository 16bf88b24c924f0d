import os
from collections.abc import Generator

import pytest

from tests.docker.compose import Stack, compose_command, eventually, free_port, run


@pytest.fixture(scope="session")
def stack() -> Generator[Stack]:
    """The service and Prometheus, built and started as ``docker compose up`` does."""
    if os.environ.get("EVENTMILL_DOCKER_TEST") != "1":
        pytest.skip("builds and runs images; set EVENTMILL_DOCKER_TEST=1 where a Docker engine runs")
    ports = {name: str(free_port()) for name in ("EVENTMILL_PORT", "PROMETHEUS_PORT")}
    prometheus = {"PROMETHEUS_IMAGE": os.environ.get("PROMETHEUS_IMAGE") or _build_prometheus()}
    stack = Stack(compose_command(), {**os.environ, **ports, **prometheus})
    try:
        stack.compose("up", "--build", "--detach", "eventmill", "prometheus")
        eventually(lambda: _health(stack) == "healthy", seconds=60)
        yield stack
    finally:
        stack.compose("down", "--volumes")


def _health(stack: Stack) -> str:
    status: str = stack.inspect("eventmill")["State"]["Health"]["Status"]
    return status


def _build_prometheus() -> str:
    tag = "eventmill-test-prometheus"
    run("docker", "build", "--tag", tag, "--file", "tests/docker/prometheus.Dockerfile", "tests/docker")
    return tag
