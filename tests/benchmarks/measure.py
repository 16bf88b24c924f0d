"""Times of several runs, and of variants of one thing side by side; the same on all cores at once."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from service.runtime import usable_cores

Clock = Callable[[], float]
Name = TypeVar("Name", bound=str)


def median(run: Callable[[], object], runs: int, clock: Clock = time.perf_counter) -> float:
    """Seconds of the median of some runs, after one that is not counted."""
    return statistics.median(paired({"": run}, runs, clock)[""])


def paired(
    variants: Mapping[Name, Callable[[], object]], rounds: int, clock: Clock = time.perf_counter
) -> dict[Name, list[float]]:
    """How long each variant takes in each of `rounds` rounds, after one that is not counted.

    A round runs every variant once, so that whatever else the machine does meets them all alike.
    """
    taken: dict[Name, list[float]] = {name: [] for name in variants}
    for round_ in range(rounds + 1):
        for name, run in variants.items():
            begin = clock()
            run()
            if round_:
                taken[name].append(clock() - begin)
    return taken


def ratio(over: Sequence[float], under: Sequence[float]) -> float:
    """The median of the ratios of two variants, round by round."""
    return statistics.median(a / b for a, b in zip(over, under, strict=True))


def on_all_cores(run: Callable[[], object]) -> None:
    """Run the same as often as there are cores, on a thread for each."""
    cores = usable_cores()
    with ThreadPoolExecutor(cores) as threads:
        list(threads.map(lambda _: run(), range(cores)))
