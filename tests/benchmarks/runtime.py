"""What the settings of onnxruntime are worth: ``python -m tests.benchmarks.runtime``.

Each variant is run beside the settings of `service.runtime` on the graph that a model spends most of its time
in: by the processor time of one thread, or by the clock where threads are compared.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import click
import numpy as np
import onnxruntime

from models.graphs import AnyGraph
from models.shelf import Shelf
from service.runtime import BoundSession, Tensor, Untyped, session_options, usable_cores
from tests.benchmarks.measure import paired, ratio

_ROWS = 1024
_AMOUNT = 16384
_ROUNDS = 15


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--process", default="ttbar", show_default=True)
@click.option("--model", default="exp2", show_default=True)
@click.option("--graph", "name", default="j", show_default=True, help="Role of the graph in the manifest.")
def main(process: str, model: str, name: str) -> None:
    """Time the variants of each setting."""
    artefact = Shelf.open().get(process, model)
    graph = artefact.manifest.graphs[name]
    path, feed = artefact.path(graph), _feed(graph)
    ours = session_options()
    _rows_per_run(path, graph, feed)
    levels = {
        "no optimisation": _options(
            graph_optimization_level=onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        ),
        "basic": _options(graph_optimization_level=onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC),
        "extended": _options(graph_optimization_level=onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED),
    }
    memory = {
        "no arena": _options(enable_cpu_mem_arena=False),
        "no memory pattern": _options(enable_mem_pattern=False),
        "neither": _options(enable_cpu_mem_arena=False, enable_mem_pattern=False),
    }
    for title, variants in (("Graph optimisation", levels), ("Memory", memory)):
        sessions = {each: _open(path, options) for each, options in ({"ours": ours} | variants).items()}
        _compare(title, {each: partial(_run, session, graph, feed) for each, session in sessions.items()})
    _binding(path, graph, feed)
    _threads(path, graph, feed)


def _feed(graph: AnyGraph) -> dict[str, Tensor]:
    """Noise, and one object of each type, for every row."""
    random = np.random.Generator(np.random.Philox(1))
    normal = {noise.name for noise in graph.noises if noise.distribution == "normal"}
    return {
        entry.name: np.ones((_AMOUNT, entry.width), np.int64)
        if entry.dtype == "int64"
        else (random.standard_normal if entry.name in normal else random.random)(
            (_AMOUNT, entry.width), np.float32
        )
        for entry in graph.inputs
    }


def _options(**settings: object) -> Untyped:
    options = session_options()
    for name, value in settings.items():
        setattr(options, name, value)
    return options


def _open(path: Path, options: Untyped) -> Untyped:
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _run(session: Untyped, graph: AnyGraph, feed: Mapping[str, Tensor], rows: int = _ROWS) -> None:
    names = [output.name for output in graph.outputs]
    for start in range(0, _AMOUNT, rows):
        session.run(names, {name: values[start : start + rows] for name, values in feed.items()})


def _compare(title: str, variants: Mapping[str, Callable[[], object]]) -> None:
    _print(title, paired(variants, _ROUNDS, time.thread_time), _AMOUNT)


def _print(title: str, taken: Mapping[str, list[float]], amount: int) -> None:
    print(f"\n{title}")  # noqa: T201 - its output
    first = next(iter(taken.values()))
    for name, seconds in taken.items():
        rate = amount / float(np.median(seconds)) / 1e6
        print(f"  {name:44} {rate:6.3f} M rows/s  {ratio(first, seconds):5.2f}")  # noqa: T201


def _rows_per_run(path: Path, graph: AnyGraph, feed: Mapping[str, Tensor]) -> None:
    session = _open(path, session_options())
    sizes = (_ROWS, 32, 64, 128, 256, 512, 2048, 4096, 8192)
    _compare("Rows per run", {str(rows): partial(_run, session, graph, feed, rows) for rows in sizes})


def _binding(path: Path, graph: AnyGraph, feed: Mapping[str, Tensor]) -> None:
    session = _open(path, session_options())
    bound = BoundSession(session, "cpu", 0)
    variants = {"run": session, "inputs and outputs bound": bound}
    _compare("Binding", {name: partial(_run, each, graph, feed) for name, each in variants.items()})


def _threads(path: Path, graph: AnyGraph, feed: Mapping[str, Tensor]) -> None:
    """Rows on all cores: by threads of ours with a run each, or by threads of the runtime inside a run."""
    cores = usable_cores()
    single = _open(path, session_options())
    spinning, waiting = (_options(intra_op_num_threads=cores) for _ in range(2))
    waiting.add_session_config_entry("session.intra_op.allow_spinning", "0")
    with ThreadPoolExecutor(cores) as threads:

        def side_by_side() -> None:
            list(threads.map(lambda _: _run(single, graph, feed), range(cores)))

        def one_after_another(session: Untyped) -> None:
            for _ in range(cores):
                _run(session, graph, feed)

        variants: dict[str, Callable[[], object]] = {
            f"{cores} runs of one thread": side_by_side,
            f"{cores} threads in a run": partial(one_after_another, _open(path, spinning)),
            f"{cores} threads in a run, not spinning": partial(one_after_another, _open(path, waiting)),
        }
        # One after the other: threads that spin after a run would slow the next variant.
        taken = {name: paired({name: run}, _ROUNDS)[name] for name, run in variants.items()}
        _print("Threads", taken, cores * _AMOUNT)


if __name__ == "__main__":
    main()
