"""The composed services, run by a real Docker engine."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import requests

ROOT: Final = Path(__file__).parents[2]

T = TypeVar("T")


def run(*command: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command in the project's folder and return what it prints.

    Raises:
        AssertionError: If it fails.
    """
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def compose_command() -> tuple[str, ...]:
    """``docker compose`` where the engine has it, else ``docker-compose``."""
    docker = shutil.which("docker") or "docker"
    plugin = subprocess.run([docker, "compose", "version"], capture_output=True, check=False)
    return (docker, "compose") if plugin.returncode == 0 else ("docker-compose",)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def eventually(get: Callable[[], T], *, seconds: float) -> T:
    """The first true value of `get`, which is asked every half second."""
    deadline = time.monotonic() + seconds
    while not (value := get()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.5)
    return value


@dataclass(frozen=True, slots=True)
class Stack:
    """The services of docker-compose.yml under a project name and ports of their own."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def compose(self, *arguments: str) -> str:
        return run(*self._project(*arguments), environment=self.environment)

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The same, without waiting for its end."""
        return subprocess.Popen(self._project(*arguments), cwd=ROOT, env=dict(self.environment))

    def _project(self, *arguments: str) -> tuple[str, ...]:
        return (*self.command, "--project-name", "eventmill-test", *arguments)

    def inspect(self, service: str) -> dict[str, Any]:
        """What the engine knows about the container of a service."""
        container = self.compose("ps", "--all", "--quiet", service).strip()
        description: dict[str, Any] = json.loads(run("docker", "inspect", container))[0]
        return description

    def shell(self, service: str, script: str) -> tuple[int, str]:
        """Exit status and output of a shell script in the container of a service."""
        container = self.inspect(service)["Id"]
        done = subprocess.run(
            ["docker", "exec", container, "sh", "-c", script],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.environment['EVENTMILL_PORT']}{path}"

    def events(self, n: int, process: str = "ttbar") -> list[str]:
        """Lines of generated events."""
        answer = requests.post(self.url(f"/generate?process={process}&n={n}"), timeout=60)
        answer.raise_for_status()
        return answer.text.splitlines()

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of a PromQL expression, from Prometheus."""
        url = f"http://127.0.0.1:{self.environment['PROMETHEUS_PORT']}/api/v1/query"
        try:
            answer = requests.get(url, params={"query": expression}, timeout=10)
        except requests.ConnectionError:
            return []
        assert answer.status_code in {200, 503}, f"{expression}: {answer.text}"
        result: list[dict[str, Any]] = answer.json()["data"]["result"] if answer.ok else []
        return result
