"""onnxruntime: loaded graphs, on the device asked for, and the cores there are to run them."""

import importlib.metadata
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from models.errors import ArtefactError
from models.graphs import AnyGraph

Device: TypeAlias = Literal["cpu", "cuda"]
Noise: TypeAlias = npt.NDArray[np.float32]
Tensor: TypeAlias = npt.NDArray[Any]

PROVIDERS: Final[dict[Device, str]] = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}

ROWS_PER_RUN: Final[dict[Device, tuple[int, ...]]] = {"cpu": (64, 512), "cuda": (256, 8192)}
"""Rows that a run of a graph may have, rising; a run with fewer is padded to the next of them.

Few shapes, because the runtime's memory grows when they vary. On a CPU the activations of 512 rows stay in
the second-level cache, and 64 spare padding where single events are drawn again. Those for CUDA are not
measured.
"""

_PACKAGES: Final = ("onnxruntime", "onnxruntime-gpu")
_TENSOR_TYPES: Final = {"float32": "tensor(float)", "int64": "tensor(int64)"}


class Argument(Protocol):
    """An input or output of a session."""

    name: str
    type: str
    shape: list[int | str | None]


class Session(Protocol):
    """The part of an onnxruntime session that is used here; several threads may run one at once."""

    def run(self, output_names: list[str], input_feed: Mapping[str, Tensor]) -> list[Tensor]:
        """Outputs by name for inputs by name."""

    def get_inputs(self) -> list[Argument]:
        """The inputs of the graph."""

    def get_outputs(self) -> list[Argument]:
        """The outputs of the graph."""

    def get_providers(self) -> list[str]:
        """The execution providers that are active."""


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


def load_graph(path: Path, graph: AnyGraph, device: Device) -> LoadedGraph:
    """Open an ONNX file, check it against the manifest, and run it once on fixed noise.

    Raises:
        ArtefactError: If the file is not the graph that the manifest describes.
        DeviceError: If the device cannot be used.
    """
    session = _open_session(path, device)
    _check_signature(path, graph, session)
    loaded = LoadedGraph(graph, session, ROWS_PER_RUN[device])
    try:
        loaded(_trial(graph))
    except OutputError as error:
        raise ArtefactError(f"{path}: {error}") from error
    return loaded


def _trial(graph: AnyGraph) -> dict[str, Tensor]:
    """A row of each input: fixed noise, and one object of each type."""
    random = np.random.Generator(np.random.Philox(key=0))
    return {
        entry.name: random.random((1, entry.width), np.float32)
        if entry.dtype == "float32"
        else np.ones((1, entry.width), np.int64)
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


def _open_session(path: Path, device: Device) -> Session:
    # The published runtime reports its use to its makers unless told not to before it is imported.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    # Slow to import, and needed only once a model is opened.
    import onnxruntime  # noqa: PLC0415

    _require_provider(device, onnxruntime.get_available_providers())
    if device == "cuda":
        onnxruntime.preload_dlls()
    options = onnxruntime.SessionOptions()
    # Blocks run in parallel on threads of our own: more threads inside a run would only compete with them.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        session: Session = onnxruntime.InferenceSession(path, options, providers=[PROVIDERS[device]])
    except Exception as error:
        raise ArtefactError(f"{path}: onnxruntime cannot load it: {error}") from error
    # The runtime falls back to the CPU silently when CUDA's libraries are missing.
    _require_provider(device, session.get_providers())
    return session


def _require_provider(device: Device, providers: list[str]) -> None:
    if PROVIDERS[device] not in providers:
        raise DeviceError(
            f"device={device} was asked for, but onnxruntime has only {', '.join(providers)}; install "
            "eventmill with the extra gpu (instead of cpu) on a machine with an NVIDIA driver for CUDA 13, "
            "or set device=cpu"
        )


def _check_signature(path: Path, graph: AnyGraph, session: Session) -> None:
    expected_inputs = {entry.name: (_TENSOR_TYPES[entry.dtype], entry.width) for entry in graph.inputs}
    inputs = {arg.name: (arg.type, arg.shape[-1]) for arg in session.get_inputs()}
    if inputs != expected_inputs:
        raise ArtefactError(f"{path}: takes {inputs}, but the manifest says {expected_inputs}")
    expected_outputs = {output.name: _TENSOR_TYPES[output.dtype] for output in graph.outputs}
    outputs = {arg.name: arg.type for arg in session.get_outputs()}
    if outputs != expected_outputs:
        raise ArtefactError(f"{path}: gives {outputs}, but the manifest says {expected_outputs}")
