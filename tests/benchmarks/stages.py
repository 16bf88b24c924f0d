"""What each stage of a block costs, on one core and alone."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

import numpy as np
import onnx

from events.batch import EVENT_FLOATS, OBJECT_FLOATS, EventBatch
from events.formats import FORMAT_NAMES, FormatName, make_format
from models.shelf import Artefact
from service.addresses import AddressSpace
from service.generator import model_name
from service.independent_objects import IndependentObjects
from service.runtime import Session, Tensor, usable_cores
from service.sampler import Sampler
from service.whole_events import WholeEvents
from tests.benchmarks.limits import Limits
from tests.benchmarks.measure import median, on_all_cores
from tests.benchmarks.report import Figure

_BLOCKS = 4
_TEXT_PER_EVENT, _TEXT_PER_OBJECT = 4, 4


@dataclass(frozen=True, slots=True)
class Stages:
    """What the stages of one model reach.

    Attributes:
        figures: Events a second of one core, each beside its limit.
        by_format: Events a second of one core that makes them and encodes them in a format.
        runtime: Events a second of onnxruntime alone on all cores, which are given their noise.
    """

    figures: list[Figure]
    by_format: Mapping[FormatName, float]
    runtime: float


def measure_stages(artefact: Artefact, limits: Limits, runs: int) -> Stages:
    """The stages of a model."""
    sampler = Sampler.open(artefact)
    name, n = model_name(artefact.manifest), artefact.manifest.block_events
    ledgers = [_spent(sampler, artefact) for _ in range(runs + 1)][1:]
    # The run that is the median in all.
    spent = sorted(ledgers, key=lambda ledger: ledger.seconds["block"])[runs // 2]
    events = _BLOCKS * n

    def stage(what: str, seconds: float, limit: Figure | None = None, amount: float = 0) -> Figure:
        share = None if limit is None else amount / seconds / limit.value
        return Figure(
            f"{name} {what}", events / seconds, "events/s", None if limit is None else limit.name, share
        )

    seconds = spent.seconds
    rest = seconds["block"] - seconds["noise"] - seconds["runtime"]
    figures = [
        stage("noise", seconds["noise"], limits.normals, spent.amounts["noise"]),
        stage("masks and decoders", seconds["runtime"], limits.flops, spent.amounts["runtime"]),
        stage("assembly, selection, redraw", rest),
        stage("block", seconds["block"]),
    ]
    batches = [sampler.generator.block(1, index, "valid").events for index in range(_BLOCKS)]
    by_format = {}
    for format_ in FORMAT_NAMES:
        taken, size = _encoding(format_, batches, runs)
        limit, amount = _encoding_limit(format_, batches, limits)
        figures.append(stage(f"to {format_}", taken, limit, amount or size))
        by_format[format_] = events / (taken + seconds["block"])
    return Stages(figures, by_format, _BLOCKS * usable_cores() * n / _replayed(sampler, runs))


@dataclass(slots=True)
class _Ledger:
    """Seconds and amounts by stage."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    amounts: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        begin = time.thread_time()
        yield
        self.seconds[stage] += time.thread_time() - begin


@dataclass(frozen=True, slots=True)
class _Watched:
    """A session that is told what it runs."""

    session: Session
    around: Callable[[Session, list[str], Mapping[str, Tensor]], list[Tensor]]

    def run(self, output_names: list[str], input_feed: Mapping[str, Tensor]) -> list[Tensor]:
        return self.around(self.session, output_names, input_feed)


def _watched(
    sampler: Sampler, around: Callable[[str, Session, list[str], Mapping[str, Tensor]], list[Tensor]]
) -> Sampler:
    generator = sampler.generator
    assert isinstance(generator, IndependentObjects | WholeEvents)
    graphs = {
        name: replace(graph, session=_Watched(graph.session, lambda *run, name=name: around(name, *run)))
        for name, graph in generator.graphs.items()
    }
    return Sampler(replace(generator, graphs=graphs))


def _spent(sampler: Sampler, artefact: Artefact) -> _Ledger:
    """What some blocks cost on one core."""
    ledger, numbers = _Ledger(), AddressSpace._numbers  # noqa: SLF001 - all noise comes from there
    operations = {name: _operations(artefact, name) for name in artefact.manifest.graphs}

    def run(name: str, session: Session, outputs: list[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        ledger.amounts["runtime"] += operations[name] * len(next(iter(feed.values())))
        with ledger.timed("runtime"):
            return session.run(outputs, feed)

    def draw(*arguments: Any) -> Tensor:  # noqa: ANN401 - whatever it takes
        with ledger.timed("noise"):
            drawn = numbers(*arguments)
        ledger.amounts["noise"] += drawn.size
        return drawn

    watched = _watched(sampler, run)
    with patch.object(AddressSpace, "_numbers", draw), ledger.timed("block"):
        for index in range(_BLOCKS):
            watched.generator.block(1, index, "valid")
    return ledger


def _operations(artefact: Artefact, graph: str) -> int:
    """Floating-point operations of a graph's matrix products, a row."""
    model = onnx.load(artefact.path(artefact.manifest.graphs[graph])).graph
    weights = {each.name: int(np.prod(each.dims)) for each in model.initializer}
    products = [node for node in model.node if node.op_type in {"MatMul", "Gemm"}]
    return sum(2 * weights.get(node.input[1], 0) for node in products)


def _replayed(sampler: Sampler, runs: int) -> float:
    """Seconds of onnxruntime alone for some blocks a core, on all cores at once."""
    recorded: list[tuple[Session, list[str], dict[str, Tensor]]] = []

    def record(_: str, session: Session, outputs: list[str], feed: Mapping[str, Tensor]) -> list[Tensor]:
        recorded.append((session, outputs, dict(feed)))
        return session.run(outputs, feed)

    watched = _watched(sampler, record)
    for index in range(_BLOCKS):
        watched.generator.block(1, index, "valid")

    def replay() -> None:
        for session, outputs, feed in recorded:
            session.run(outputs, feed)

    return median(lambda: on_all_cores(replay), runs)


def _encoding(format_: FormatName, batches: list[EventBatch], runs: int) -> tuple[float, int]:
    """Seconds that batches take into a format, and its bytes."""
    sizes: list[int] = []

    def encode() -> None:
        encoder = make_format(format_).encoder({})
        sizes.append(sum(len(encoder.encode(batch)) for batch in batches) + len(encoder.finish()))

    return median(encode, runs, time.thread_time), sizes[-1]


def _encoding_limit(format_: FormatName, batches: list[EventBatch], limits: Limits) -> tuple[Figure, float]:
    """What binds an encoder, and how much of it the batches need; none where that is the bytes it makes."""
    if format_ == "csv":
        objects = sum(batch.n_objects for batch in batches)
        return limits.formatted, _TEXT_PER_EVENT * sum(map(len, batches)) + _TEXT_PER_OBJECT * objects
    if format_ == "parquet":
        names = (*EVENT_FLOATS, *OBJECT_FLOATS)
        return limits.compressed, sum(getattr(batch, name).nbytes for batch in batches for name in names)
    return limits.copied, 0
