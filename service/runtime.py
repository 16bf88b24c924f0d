"""onnxruntime: loaded graphs, on the device asked for, and the cores there are to run them.

Each setting here was measured: the figures are in docs/performance.md, those of another machine come from
``python -m tests.benchmarks.runtime``.
"""

import importlib.metadata
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import StringConstraints

from models.errors import ArtefactError
from models.graphs import AnyGraph, EventsGraph

Device: TypeAlias = Annotated[str, StringConstraints(pattern=r"^(cpu|cuda(:[0-9]{1,3})?)$")]
"""Where graphs run: ``cpu``, ``cuda`` or, on a machine with several GPUs, ``cuda:1`` and so on."""

Noise: TypeAlias = npt.NDArray[np.float32]
Tensor: TypeAlias = npt.NDArray[Any]
Untyped: TypeAlias = Any
"""Something of onnxruntime, which has no types."""

CPU_ROWS: Final = (64, 128, 256, 512, 1024)
_CUDA_ROWS: Final = (256, 4096, 16384)
"""Rows that a run of a graph may have, rising; a run with fewer is padded to the next of them.

Few shapes, because the runtime's memory grows when they vary. On a CPU the activations of 1024 rows stay in
the second-level cache, and threads seldom meet at the interpreter's lock; fewer rows spare padding where
objects are rare and events are drawn again. A GPU wants many rows and few runs; its are not measured.
"""

_PACKAGES: Final = ("onnxruntime", "onnxruntime-gpu")
_TENSOR_TYPES: Final = {"float32": "tensor(float)", "int64": "tensor(int64)"}


class Session(Protocol):
    """What runs a graph; several threads may do so at once."""

    def run(self, output_names: list[str], input_feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Outputs by name for inputs by name."""


class DeviceError(RuntimeError):
    """The device asked for cannot be used; the message names the remedy."""


class OutputError(RuntimeError):
    """A model gave something that no event can be made of."""


@dataclass(frozen=True, slots=True)
class LoadedGraph:
    """A graph ready to run.

    Attributes:
        graph: What the graph takes and gives.
        session: The runtime's session of it.
        rows_per_run: Rows that a run may have, rising.
    """

    graph: AnyGraph
    session: Session
    rows_per_run: tuple[int, ...]

    def __call__(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The outputs by name, one row for each row of the inputs.

        Args:
            inputs: What `AnyGraph.inputs` lists, by name, dtype[n, width] each with one n > 0.

        Raises:
            OutputError: If an output is not finite.
        """
        n = len(next(iter(inputs.values())))
        names = [output.name for output in self.graph.outputs]
        most = self.rows_per_run[-1]
        runs = [self._run(names, inputs, start, min(start + most, n)) for start in range(0, n, most)]
        columns = dict(zip(names, map(np.concatenate, zip(*runs, strict=True)), strict=True))
        for name, column in columns.items():
            if not np.isfinite(column).all():
                raise OutputError(f"{self.graph.file}: {name} is not finite; the model must not be served")
        return columns

    def _run(self, names: list[str], inputs: Mapping[str, Tensor], start: int, stop: int) -> list[Tensor]:
        rows = next(rows for rows in self.rows_per_run if rows >= stop - start)
        feed = {name: _padded(values[start:stop], rows) for name, values in inputs.items()}
        return [output[: stop - start] for output in self.session.run(names, feed)]


def _padded(values: Tensor, rows: int) -> Tensor:
    if len(values) == rows:
        return values
    padded = np.zeros((rows, *values.shape[1:]), values.dtype)
    padded[: len(values)] = values
    return padded


def load_graph(
    path: Path, graph: AnyGraph, device: Device, cpu_rows: tuple[int, ...] = CPU_ROWS
) -> LoadedGraph:
    """Open an ONNX file, check it against the manifest, and run it once on fixed noise.

    That is done on the CPU first, so that a file that is no good is told from a device that is none.

    Args:
        path: The file.
        graph: What the manifest says of it.
        device: Where it shall run.
        cpu_rows: Rows that a run on a CPU may have, rising.

    Raises:
        ArtefactError: If the file is not the graph that the manifest describes.
        DeviceError: If the device cannot be used.
    """
    session = _open_on_cpu(path)
    _check_signature(path, graph, session)
    loaded = LoadedGraph(graph, session, cpu_rows)
    try:
        loaded(_trial(graph))
    except OutputError as error:
        raise ArtefactError(f"{path}: {error}") from error
    return loaded if device == "cpu" else _on_cuda(path, graph, device)


def _trial(graph: AnyGraph) -> dict[str, Tensor]:
    """A row of each input: fixed noise, and one object of each type, of the first ones if slots are few."""
    random = np.random.Generator(np.random.Philox(key=0))
    most = graph.slots if isinstance(graph, EventsGraph) else None
    return {
        entry.name: random.random((1, entry.width), np.float32)
        if entry.dtype == "float32"
        else (np.arange(entry.width) < (most or entry.width)).astype(np.int64)[None]
        for entry in graph.inputs
    }


def check_installation() -> None:
    """Refuse an installation with both builds of onnxruntime, which overwrite each other's files.

    Raises:
        DeviceError: If both are installed.
    """
    found = {dist.metadata["Name"].lower() for dist in importlib.metadata.distributions()}
    if found.issuperset(_PACKAGES):
        raise DeviceError(
            "both onnxruntime and onnxruntime-gpu are installed and overwrite each other; "
            "uninstall both, then install eventmill with one of its extras cpu and gpu"
        )


def usable_cores() -> int:
    """Cores this process may use: its affinity, and its control group's quota where there is one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = Path("/sys/fs/cgroup/cpu.max")
    if quota.exists():
        limit, period = quota.read_text(encoding="ascii").split()
        if limit != "max":
            cores = min(cores, -(-int(limit) // int(period)))
    return max(1, cores)


def _runtime() -> Untyped:
    # The published runtime reports its use to its makers unless told not to before it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # Slow to import, and needed only once a model is opened.
    import onnxruntime  # noqa: PLC0415

    return onnxruntime


def session_options() -> Untyped:
    """The settings of a session, onnxruntime.SessionOptions.

    All else is left as it is: graph optimisation is complete; the memory arena is worth 5 %, and does not
    grow where shapes are few; and a run of one thread has no others that could spin.
    """
    options = _runtime().SessionOptions()
    # Blocks run in parallel on threads of our own: more threads inside a run would only compete with them.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return options


def _open_on_cpu(path: Path) -> Untyped:
    try:
        return _runtime().InferenceSession(path, session_options(), providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ArtefactError(f"{path}: onnxruntime cannot load it: {error}") from error


def _on_cuda(path: Path, graph: AnyGraph, device: Device) -> LoadedGraph:
    onnxruntime, number = _runtime(), int(device.partition(":")[2] or 0)
    _require_cuda(device, onnxruntime.get_available_providers())
    onnxruntime.preload_dlls()
    options = session_options()
    # Else the runtime falls back to the CPU silently, for a node or, without CUDA's libraries, for all.
    options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    # TF32 would keep ten bits of a mantissa: more than the rounding that devices may differ by.
    provider = ("CUDAExecutionProvider", {"device_id": str(number), "use_tf32": "0"})
    try:
        session = onnxruntime.InferenceSession(path, options, providers=[provider], enable_fallback=0)
        _require_cuda(device, session.get_providers())
        loaded = LoadedGraph(graph, BoundSession(session, "cuda", number), _CUDA_ROWS)
        loaded(_trial(graph))
    except DeviceError:
        raise
    except Exception as error:
        raise DeviceError(f"{path}: cannot run on {device}: {error}; {_CUDA_REMEDY}") from error
    return loaded


@dataclass(frozen=True, slots=True)
class BoundSession:
    """A session whose inputs and outputs stay on its device, at the same place from run to run.

    On a CPU this is no faster than to run the session itself.

    Attributes:
        session: The runtime's session.
        device: Kind of device, as the runtime calls it.
        number: Which device of that kind.
    """

    session: Untyped
    device: str
    number: int
    _bindings: dict[int, tuple[Untyped, dict[str, Untyped]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, output_names: list[str], input_feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Outputs by name for inputs by name; one thread at a time, as the device has one stream anyway."""
        rows = len(next(iter(input_feed.values())))
        with self._lock:
            if rows not in self._bindings:
                self._bindings[rows] = self._bind(output_names, input_feed)
            binding, inputs = self._bindings[rows]
            for name, values in input_feed.items():
                inputs[name].update_inplace(np.ascontiguousarray(values))
            self.session.run_with_iobinding(binding)
            outputs: list[Tensor] = binding.copy_outputs_to_cpu()
            return outputs

    def _bind(
        self, output_names: list[str], input_feed: Mapping[str, Tensor]
    ) -> tuple[Untyped, dict[str, Untyped]]:
        binding, make = self.session.io_binding(), _runtime().OrtValue.ortvalue_from_numpy
        # A copy, as on a CPU the runtime would go on to use the caller's array.
        inputs = {name: make(values.copy(), self.device, self.number) for name, values in input_feed.items()}
        for name, value in inputs.items():
            binding.bind_ortvalue_input(name, value)
        for name in output_names:
            binding.bind_output(name, self.device, self.number)
        return binding, inputs


_CUDA_REMEDY: Final = (
    "install eventmill with the extra gpu (instead of cpu) on a machine with an NVIDIA driver for CUDA 13, "
    "or set device=cpu"
)


def _require_cuda(device: Device, providers: list[str]) -> None:
    if "CUDAExecutionProvider" not in providers:
        found = ", ".join(providers)
        raise DeviceError(f"device={device} was asked for, but onnxruntime has only {found}; {_CUDA_REMEDY}")


def _check_signature(path: Path, graph: AnyGraph, session: Untyped) -> None:
    expected_inputs = {entry.name: (_TENSOR_TYPES[entry.dtype], entry.width) for entry in graph.inputs}
    inputs = {arg.name: (arg.type, arg.shape[-1]) for arg in session.get_inputs()}
    if inputs != expected_inputs:
        raise ArtefactError(f"{path}: takes {inputs}, but the manifest says {expected_inputs}")
    expected_outputs = {output.name: _TENSOR_TYPES[output.dtype] for output in graph.outputs}
    outputs = {arg.name: arg.type for arg in session.get_outputs()}
    if outputs != expected_outputs:
        raise ArtefactError(f"{path}: gives {outputs}, but the manifest says {expected_outputs}")
