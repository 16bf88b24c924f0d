"""How many events the simulation makes on the same cores, beside what the service made of them."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from service.runtime import usable_cores
from tests.benchmarks.report import Figure, Ratio
from training.simulate.cards import load_card
from training.simulate.response import Response
from training.simulate.run import Request, simulate
from training.simulate.shards import Plan


def measure_simulation(process: str, events: int, served: dict[str, float]) -> Iterator[Figure | Ratio]:
    """Events a second of a process on all cores, begin and end of a run included.

    Args:
        process: What to simulate.
        events: How many; best a multiple of 1000 for each core.
        served: Events of it a second that models gave as CSV through HTTP, by their names.
    """
    plan = Plan(load_card(process), seed=1, response=Response())
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        simulate(Request(plan, events, Path(folder) / "events.csv", usable_cores()), lambda _: None)
        rate = events / (time.perf_counter() - begin)
    yield Figure(f"{process} simulation, all cores", rate, "events/s")
    for name, each in served.items():
        yield Ratio(f"{name} HTTP csv over simulation", each / rate, "higher", 200)
