"""The service under soak: it is started, killed, stopped and started again."""

import signal
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.servers import EVENTMILL, status, wait_until

MIB = 2**20


@dataclass(frozen=True)
class Vitals:
    """What a process holds."""

    threads: int
    descriptors: int
    rss: int

    @classmethod
    def of(cls, pid: int) -> "Vitals":
        """As the kernel counts it; memory in bytes."""
        proc = Path("/proc") / str(pid)
        pages = int((proc / "statm").read_text().split()[1])
        return cls(len(list((proc / "task").iterdir())), len(list((proc / "fd").iterdir())), pages * 4096)


@dataclass
class Service:
    """One ``eventmill serve`` after another, all at one port.

    Attributes:
        models: Folder of the models.
        port: The port.
        log: File for what it logs.
        up: Set while it is meant to answer.
        lives: How often it was started.
    """

    models: Path
    port: int
    log: Path
    up: threading.Event = field(default_factory=threading.Event)
    lives: int = 0

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        command = [
            *EVENTMILL, "serve", "--models", str(self.models), "--port", str(self.port),
            "--stall-seconds", "3", "--receipt-seconds", "5", "--drain-seconds", "0.5",
            "--max-streams", "3", "--max-waiting", "2", "--max-per-client", "4", "--shutdown-seconds", "10",
        ]  # fmt: skip
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stderr=log, stdout=subprocess.DEVNULL)
        wait_until(self._ready, seconds=120)
        self.lives += 1
        self.up.set()

    def end(self, sig: signal.Signals) -> int:
        """End it by a signal, and give its exit status."""
        self.up.clear()
        self.process.send_signal(sig)
        return self.process.wait(60)

    def vitals(self) -> Vitals:
        """What it holds now."""
        return Vitals.of(self.process.pid)

    def _ready(self) -> bool:
        assert self.process.poll() is None, f"the service did not start; see {self.log}"
        try:
            return status(self.port, "/health/ready") == 200
        except OSError:
            return False
