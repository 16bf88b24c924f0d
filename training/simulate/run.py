"""A simulation run: shards made on all cores, kept as they come, joined to one file."""

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import numpy as np

from events.batch import EventBatch
from events.digest import file_sha256
from events.files import SUFFIXES, write_events
from training.simulate.errors import UnknownFormatError
from training.simulate.parts import Parts, write_atomically
from training.simulate.shards import Plan, ShardRecord, make_shard

_PICOBARN_PER_MILLIBARN = 1e9


@dataclass(frozen=True, slots=True)
class Request:
    """What a run shall make.

    Attributes:
        plan: What to simulate.
        events: Number of events that pass the selection.
        out: The event file; its ending gives the format.
        workers: Number of processes at a time.

    Raises:
        UnknownFormatError: If the ending names no format.
    """

    plan: Plan
    events: int
    out: Path
    workers: int

    def __post_init__(self) -> None:
        if not self.out.name.lower().endswith(SUFFIXES):
            raise UnknownFormatError(f"{self.out} ends with none of {' '.join(SUFFIXES)}: choose one of them")

    @property
    def parts(self) -> Parts:
        """Where finished shards lie."""
        return Parts(self.out.with_name(f"{self.out.name}.parts"))

    def shards(self) -> list[tuple[int, int]]:
        """Index and number of events of each shard."""
        size = self.plan.shard_events
        starts = range(0, self.events, size)
        return [(index, min(size, self.events - start)) for index, start in enumerate(starts)]

    def missing(self) -> list[tuple[int, int]]:
        """Those of the shards that no run has finished yet."""
        return [(index, n) for index, n in self.shards() if not self.parts.has(index, n)]


def sidecar_path(out: Path) -> Path:
    """Where the facts about an event file lie."""
    return out.with_name(f"{out.name}.json")


def simulate(request: Request, progress: Callable[[int], object]) -> dict[str, Any]:
    """Simulate events, going on from an interrupted run of the same settings.

    Args:
        request: What to make.
        progress: Called with a number of events whenever a shard is finished.

    Returns:
        The facts that lie beside the event file, in ``<out>.json``.

    Raises:
        ForeignPartsError: If shards of other settings lie beside the output.
    """
    request.parts.open(request.plan)
    for n in _make(request):
        progress(n)
    facts = _join(request)
    request.parts.remove()
    return facts


def _make(request: Request) -> Iterator[int]:
    """Make the missing shards in processes of their own; yields the events of each as it is finished."""
    missing = request.missing()
    if not missing:
        return
    context = get_context("spawn")
    leash, hand = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(min(request.workers, len(missing)), context, _start_worker, (leash,))
    try:
        futures = {pool.submit(_work, request, index, n): n for index, n in missing}
        for future in as_completed(futures):
            future.result()
            yield futures[future]
        pool.shutdown()
    finally:
        hand.close()
        pool.shutdown(cancel_futures=True)


def _work(request: Request, index: int, n: int) -> None:
    request.parts.store(index, *make_shard(request.plan, index, n))


def _start_worker(leash: Connection) -> None:
    """Leave interrupts to the parent, end when it lets go, and keep FastJet's banner off the screen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(leash,), daemon=True).start()
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _end_with(leash: Connection) -> None:
    """End this process at once when the other end is closed, be it because the parent was killed."""
    wait([leash])
    os._exit(1)


def _join(request: Request) -> dict[str, Any]:
    plan = request.plan
    records: list[ShardRecord] = []

    def batches() -> Iterator[EventBatch]:
        for index, n in request.shards():
            batch, record = request.parts.load(index, n)
            records.append(record)
            yield batch

    provenance = {"process": plan.card.name, "seed": str(plan.seed), "digest": plan.digest}
    write_events(request.out, batches(), provenance=provenance)
    facts = {
        "file": request.out.name,
        "generator": _generator(plan),
        "sha256": file_sha256(request.out),
        **_totals(records, request.events),
        "digest": plan.digest,
        **plan.facts(),
    }
    write_atomically(sidecar_path(request.out), (json.dumps(facts, indent=2) + "\n").encode())
    return facts


def _generator(plan: Plan) -> str:
    pythia, radius = version("pythia8mc"), plan.response.jets.radius
    return f"Pythia {pythia}, pp at 13 TeV, parametrised ATLAS-like detector, anti-kT jets with R = {radius}"


def _totals(records: list[ShardRecord], events: int) -> dict[str, Any]:
    """Sums over all shards; the cross section is their mean, weighted by generated events."""
    generated = np.array([record.generated for record in records])
    sigma = np.array([record.cross_section_mb for record in records]) * _PICOBARN_PER_MILLIBARN
    error = np.array([record.cross_section_error_mb for record in records]) * _PICOBARN_PER_MILLIBARN
    return {
        "events": events,
        "generated": int(generated.sum()),
        "cross_section_pb": float(np.average(sigma, weights=generated)),
        "cross_section_error_pb": float(np.sqrt(np.sum((error * generated) ** 2)) / generated.sum()),
    }
