"""What this machine can do at most, one core each unless told otherwise."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import onnx
import onnxruntime
import pyarrow as pa
from onnx import TensorProto, helper, numpy_helper

from events.batch import Floats
from service.runtime import session_options
from tests.benchmarks.loopback import loopback_rate
from tests.benchmarks.measure import median
from tests.benchmarks.report import Figure

_MIB = 2**20
_LAYERS, _WIDTH, _ROWS = 8, 128, 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Rates that bind the stages.

    Attributes:
        flops: Floating-point operations a second of dense layers in onnxruntime, one core.
        normals: Normal numbers a second by numpy's Philox generator, one core.
        formatted: Numbers a second to text by pyarrow, one core.
        copied: Bytes a second by memcpy, one core.
        compressed: Bytes a second into zstd, one core.
        sent: Bytes a second through uvicorn to a client on this machine, all cores.
    """

    flops: Figure
    normals: Figure
    formatted: Figure
    copied: Figure
    compressed: Figure
    sent: Figure

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All of them."""
        return self.flops, self.normals, self.formatted, self.copied, self.compressed, self.sent


@dataclass(frozen=True, slots=True)
class DenseLayers:
    """Layers as wide as the decoders of Experiment II, at the rows that a run of these has.

    Attributes:
        session: Of the layers.
        rows: What they take.
        repeats: How often they run.
    """

    session: onnxruntime.InferenceSession
    rows: Floats
    repeats: int

    @classmethod
    def open(cls, repeats: int = 50) -> Self:
        """The layers, to be run so many times."""
        model = _dense_layers().SerializeToString()
        session = onnxruntime.InferenceSession(model, session_options(), providers=["CPUExecutionProvider"])
        return cls(session, np.ones((_ROWS, _WIDTH), np.float32), repeats)

    @property
    def operations(self) -> int:
        """Floating-point operations of `run`."""
        return 2 * _LAYERS * _WIDTH**2 * _ROWS * self.repeats

    def run(self) -> None:
        """Run them on the core of this thread."""
        for _ in range(self.repeats):
            self.session.run(None, {"x0": self.rows})


def measure_limits(runs: int) -> Limits:
    """All limits of this machine."""
    return Limits(
        Figure("dense layers in onnxruntime", _dense(runs), "FLOP/s"),
        Figure("normals by numpy", _normals(runs), "1/s"),
        Figure("numbers to text by pyarrow", _formatted(runs), "1/s"),
        Figure("memcpy", _copied(runs), "B/s"),
        Figure("zstd", _compressed(runs), "B/s"),
        Figure("uvicorn on loopback", loopback_rate(runs), "B/s"),
    )


def _rate(amount: float, run: Callable[[], object], runs: int) -> float:
    return amount / median(run, runs, time.thread_time)


def _dense(runs: int) -> float:
    layers = DenseLayers.open()
    return _rate(layers.operations, layers.run, runs)


def _dense_layers() -> onnx.ModelProto:
    weights = np.eye(_WIDTH, dtype=np.float32)
    nodes = [helper.make_node("MatMul", [f"x{i}", "w"], [f"x{i + 1}"]) for i in range(_LAYERS)]
    shape: list[str | int | None] = ["n", _WIDTH]
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("x0", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(f"x{_LAYERS}", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(weights, "w")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _normals(runs: int) -> float:
    random, out = np.random.Generator(np.random.Philox(1)), np.empty(2**20, np.float32)
    return _rate(out.size, lambda: random.standard_normal(dtype=np.float32, out=out), runs)


def _formatted(runs: int) -> float:
    numbers = pa.array(np.random.default_rng(1).lognormal(10, 2, 2**18).astype(np.float32))
    return _rate(len(numbers), lambda: numbers.cast(pa.string()), runs)


def _copied(runs: int) -> float:
    """Of more than any cache holds."""
    source, target = np.ones(512 * _MIB, np.uint8), np.empty(512 * _MIB, np.uint8)
    return _rate(source.nbytes, lambda: np.copyto(target, source), runs)


def _compressed(runs: int) -> float:
    content = np.random.default_rng(1).lognormal(4, 1, 2**20).astype(np.float32).tobytes()
    codec = pa.Codec("zstd")
    return _rate(len(content), lambda: codec.compress(content), runs)
