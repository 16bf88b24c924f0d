"""Events a second through HTTP, and what it takes until the first of them."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from events.formats import FORMAT_NAMES
from models.manifest import Manifest
from service.generator import model_name
from service.runtime import usable_cores
from tests.benchmarks.limits import Limits
from tests.benchmarks.loopback import read_body
from tests.benchmarks.measure import median, paired, ratio
from tests.benchmarks.report import Figure, Ratio
from tests.benchmarks.stages import Stages
from tests.support.servers import ServingProcess

CLIENTS = 8


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to measure.

    Attributes:
        runs: Runs of everything, of which the median counts.
        events: Events of one request.
        first_bytes: Requests whose first byte is waited for.
        long_stream: Events of the stream whose memory is watched.
    """

    runs: int
    events: int
    first_bytes: int
    long_stream: int


THOROUGH = Effort(5, 200_000, 200, 10_000_000)
QUICK = Effort(3, 40_000, 40, 500_000)


def measure_serving(
    manifest: Manifest, port: int, stages: Stages, limits: Limits, effort: Effort
) -> Iterator[Figure | Ratio]:
    """One model through HTTP: one client in each format, then several."""
    name = model_name(manifest)
    fetches = {
        each: partial(read_body, port, "POST", target(manifest, effort.events, each)) for each in FORMAT_NAMES
    }
    sizes = {each: fetch()[0] for each, fetch in fetches.items()}
    taken = paired(fetches, effort.runs)
    for format_, seconds in taken.items():
        rate = effort.events / float(np.median(seconds))
        stages_all = stages.by_format[format_] * usable_cores()
        wire = limits.sent.value * effort.events / sizes[format_]
        limit = ("its stages on all cores", stages_all) if stages_all < wire else (limits.sent.name, wire)
        yield Figure(f"{name} HTTP {format_}", rate, "events/s", limit[0], rate / limit[1])
    yield Ratio(f"{name} Arrow over CSV", ratio(taken["csv"], taken["arrow"]), "higher", 1.5)
    arrow = effort.events / float(np.median(taken["arrow"]))
    yield Figure(f"{name} onnxruntime alone, all cores", stages.runtime, "events/s")
    yield Ratio(f"{name} overhead over onnxruntime, Arrow", stages.runtime / arrow, "lower", 1.3)
    yield from _several_clients(manifest, port, arrow, effort)
    yield from _first_bytes(manifest, port, effort)


def _several_clients(manifest: Manifest, port: int, alone: float, effort: Effort) -> Iterator[Ratio]:
    name, each = model_name(manifest), effort.events // 4
    durations: list[float] = []

    def client(number: int) -> None:
        begin = time.perf_counter()
        read_body(port, "POST", target(manifest, each, "arrow", seed=number))
        durations.append(time.perf_counter() - begin)

    with ThreadPoolExecutor(CLIENTS) as clients:
        seconds = median(lambda: list(clients.map(client, range(CLIENTS))), effort.runs)
    spread = max(durations[-CLIENTS:]) / min(durations[-CLIENTS:]) - 1
    yield Ratio(f"{name} {CLIENTS} clients over one", CLIENTS * each / seconds / alone, "higher", 0.9)
    yield Ratio(f"{name} spread among {CLIENTS} clients", spread, "lower", 0.2)


def _first_bytes(manifest: Manifest, port: int, effort: Effort) -> Iterator[Figure | Ratio]:
    name, wanted = model_name(manifest), target(manifest, 5_000, "csv")
    waits = [1000 * read_body(port, "POST", wanted)[1] for _ in range(effort.first_bytes)]
    half, most = np.percentile(waits, [50, 99])
    yield Figure(f"{name} first byte, median", float(half), "ms")
    yield Ratio(f"{name} first byte, 99th percentile, in ms", float(most), "lower", 50)


def memory_growth(manifest: Manifest, service: ServingProcess, effort: Effort) -> Iterator[Figure | Ratio]:
    """Memory of the service over one long stream."""
    with _sampled_memory(service.process.pid) as samples:
        read_body(service.port, "POST", target(manifest, effort.long_stream, "arrow"))
    settled = samples[len(samples) // 5 :]
    name = f"{model_name(manifest)}, {effort.long_stream / 1e6:g} million events"
    yield Figure(f"{name}: most memory", max(samples), "MiB")
    yield Ratio(f"{name}: memory at the end over a fifth", settled[-1] / settled[0], "lower", 1.05)


def target(manifest: Manifest, n: int, format_: str, seed: int = 1) -> str:
    """What to ask for to have n events of a model."""
    query = f"process={manifest.process}&model={manifest.model}&n={n}&seed={seed}&format={format_}"
    return f"/generate?{query}"


@contextmanager
def _sampled_memory(process: int) -> Iterator[list[float]]:
    """Resident memory of a process in MiB, every tenth of a second."""
    samples: list[float] = []
    done = threading.Event()

    def sample() -> None:
        while not done.wait(0.1):
            samples.append(_resident(process))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield samples
    finally:
        done.set()
        thread.join()
        samples.append(_resident(process))


def _resident(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024
