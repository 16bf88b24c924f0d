"""Events per second out of the sampler alone and through HTTP, for every model on the shelf."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

import models
from events.formats import FORMAT_NAMES
from models.shelf import Artefact, Shelf
from service.runtime import usable_cores
from service.sampler import Sampler, in_order
from tests.support.servers import response, served_by_process

_SHIPPED = Path(models.__file__).parent
_EVENTS = 100_000
_RUNS = 5


def main() -> None:
    """Print medians of five runs of 100,000 events each."""
    shelf = Shelf.open()
    for artefact in shelf:
        _report(f"{_name(artefact)} sampler", partial(_sample, Sampler.open(artefact)))
    with served_by_process(_SHIPPED) as port:
        for artefact, format_ in product(shelf, FORMAT_NAMES):
            manifest = artefact.manifest
            query = f"process={manifest.process}&model={manifest.model}&n={_EVENTS}&seed=1&format={format_}"
            _report(f"{_name(artefact)} HTTP {format_}", partial(_fetch, port, f"/generate?{query}"))


def _name(artefact: Artefact) -> str:
    return f"{artefact.manifest.process}/{artefact.manifest.model}"


def _report(name: str, run: Callable[[], None]) -> None:
    run()
    seconds = []
    for _ in range(_RUNS):
        begin = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - begin)
    median = statistics.median(seconds)
    print(f"{name:40} {_EVENTS / median:12,.0f} events/s  {median:7.3f} s")  # noqa: T201 # its output


def _sample(sampler: Sampler) -> None:
    with ThreadPoolExecutor(usable_cores()) as executor:
        for future in in_order(executor, sampler.slice(_EVENTS, seed=1).tasks(), 2 * usable_cores()):
            future.result()


def _fetch(port: int, target: str) -> None:
    with response(port, "POST", target) as answer:
        if answer.status != 200:
            raise RuntimeError(answer.read().decode())
        while answer.read(1 << 20):
            pass
