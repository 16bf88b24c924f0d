"""A simulation run: shards made on all cores, kept as they come, joined to one file."""

import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from events.batch import EventBatch
from events.files import write_events
from training.simulate.cards import load_card
from training.simulate.parts import Parts, write_atomically
from training.simulate.response import Response
from training.simulate.shards import SHARD_EVENTS, Plan, ShardRecord, make_shard

_PICOBARN_PER_MILLIBARN = 1e9


@dataclass(frozen=True, slots=True)
class Request:
    """What a run shall make.

    Attributes:
        process: Name of a process card.
        events: Number of events that pass the selection.
        seed: Seed of the run, at least 0.
        out: The event file; its ending gives the format.
        workers: Number of processes at a time.
    """

    process: str
    events: int
    seed: int
    out: Path
    workers: int

    def shards(self) -> list[tuple[int, int]]:
        """Index and number of events of each shard."""
        starts = range(0, self.events, SHARD_EVENTS)
        return [(index, min(SHARD_EVENTS, self.events - start)) for index, start in enumerate(starts)]


def sidecar_path(out: Path) -> Path:
    """Where the facts about an event file lie."""
    return out.with_name(f"{out.name}.json")


def simulate(request: Request, progress: Callable[[int, bool], None]) -> dict[str, Any]:
    """Simulate events, going on from an interrupted run of the same settings.

    Args:
        request: What to make.
        progress: Called with a number of events when a shard is there, and whether it is new.

    Returns:
        The facts that lie beside the event file, in ``<out>.json``.

    Raises:
        UnknownProcessError: If there is no such process.
        ForeignPartsError: If shards of other settings lie beside the output.
    """
    plan = Plan(load_card(request.process), request.seed, Response())
    parts = Parts(request.out.with_name(request.out.name + ".parts"))
    parts.open(plan)
    missing = []
    for index, n in request.shards():
        if parts.has(index, n):
            progress(n, False)
        else:
            missing.append((index, n))
    for n in _make(plan, parts, missing, request.workers):
        progress(n, True)
    facts = _join(plan, parts, request)
    parts.remove()
    return facts


def _make(plan: Plan, parts: Parts, shards: list[tuple[int, int]], workers: int) -> Iterator[int]:
    """Make shards in processes of their own; yields the events of each as it is finished."""
    if not shards:
        return
    context = get_context("spawn")
    pool = ProcessPoolExecutor(min(workers, len(shards)), context, initializer=_start_worker)
    futures = {pool.submit(_work, plan, parts, index, n): n for index, n in shards}
    try:
        for future in as_completed(futures):
            future.result()
            yield futures[future]
    except BaseException:
        _abandon(pool, list(futures))
        raise
    pool.shutdown()


def _work(plan: Plan, parts: Parts, index: int, n: int) -> None:
    parts.store(index, *make_shard(plan, index, n))


def _start_worker() -> None:
    """Leave interrupts to the parent, die with it, and keep FastJet's banner off the screen."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _die_with_parent() -> None:
    parent = parent_process()
    assert parent is not None  # noqa: S101 - a worker has one
    connection.wait([parent.sentinel])
    os._exit(1)


def _abandon(pool: ProcessPoolExecutor, futures: list[Future[None]]) -> None:
    """Stop at once: unfinished shards leave nothing behind."""
    for future in futures:
        future.cancel()
    for process in list(getattr(pool, "_processes", {}).values()):
        process.terminate()
    pool.shutdown(wait=True, cancel_futures=True)


def _join(plan: Plan, parts: Parts, request: Request) -> dict[str, Any]:
    records: list[ShardRecord] = []

    def batches() -> Iterator[EventBatch]:
        for index, n in request.shards():
            batch, record = parts.load(index, n)
            records.append(record)
            yield batch

    provenance = {"process": plan.card.name, "seed": str(plan.seed), "digest": plan.digest}
    write_events(request.out, batches(), provenance=provenance)
    facts = {
        "file": request.out.name,
        "sha256": _sha256(request.out),
        **_totals(records, request.events),
        "digest": plan.digest,
        **plan.facts(),
    }
    write_atomically(sidecar_path(request.out), (json.dumps(facts, indent=2) + "\n").encode())
    return facts


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
