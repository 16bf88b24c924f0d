"""`python -m tests.benchmarks.encoders`: events a second of one core that each way of writing them takes.

The events are those of the shipped ttbar/exp2, in blocks as the service encodes them.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from events.batch import EventBatch
from events.encoders import COMPRESSIONS
from events.formats import Format, make_format
from models.shelf import Shelf
from service.sampler import Sampler
from tests.benchmarks.measure import paired

_BLOCKS = 20
_ROUNDS = 7


def main() -> None:
    """Print a table, of medians."""
    artefact = Shelf.open(None).get("ttbar", "exp2")
    generator = Sampler.open(artefact).generator
    batches = [generator.block(1, index, "valid").events for index in range(_BLOCKS)]
    ways = _ways()
    variants: dict[str, Callable[[], object]] = {
        name: partial(_encoded, format_, batches, marks=marks) for name, (format_, marks) in ways.items()
    }
    seconds = paired(variants, _ROUNDS, time.thread_time)
    n_events, n_objects = sum(map(len, batches)), sum(batch.n_objects for batch in batches)
    print(f"{n_events} events, {n_objects / n_events:.2f} objects each, {len(batches[0])} a block\n")  # noqa: T201 # its output
    print("| way | events/s | bytes an event | of memcpy |\n|---|---:|---:|---:|")  # noqa: T201
    for name, (format_, marks) in ways.items():
        size, taken = _encoded(format_, batches, marks=marks), statistics.median(seconds[name])
        share = _copying(size) / taken
        print(f"| {name} | {n_events / taken:,.0f} | {size / n_events:.1f} | {share:.1%} |")  # noqa: T201


def _ways() -> dict[str, tuple[Format, bool]]:
    """By name, each format and whether record batches are marked."""
    ways: dict[str, tuple[Format, bool]] = {"csv": (make_format("csv"), False)}
    for compression in COMPRESSIONS:
        ways[f"arrow, {compression}"] = (make_format("arrow", compression=compression), False)
        ways[f"parquet, {compression}"] = (make_format("parquet", compression=compression), False)
    ways["arrow, none, marked"] = (make_format("arrow"), True)
    ways["arrow, none, marked, GeV"] = (make_format("arrow", "GeV"), True)
    ways["arrow, none, nanoaod"] = (make_format("arrow", layout="nanoaod"), False)
    ways["parquet, zstd, nanoaod"] = (make_format("parquet", layout="nanoaod"), False)
    return dict(sorted(ways.items()))


def _encoded(format_: Format, batches: list[EventBatch], *, marks: bool) -> int:
    """The number of bytes."""
    encoder = format_.encoder({}, n_events=sum(map(len, batches)) if marks else None)
    return sum(map(len, map(encoder.encode, batches))) + len(encoder.finish())


def _copying(size: int) -> float:
    """Seconds that it takes to copy so many bytes that no cache holds."""
    source = np.ones(size, np.uint8)
    target = np.empty_like(source)
    return statistics.median(paired({"": lambda: np.copyto(target, source)}, _ROUNDS, time.thread_time)[""])


if __name__ == "__main__":
    main()
