"""ONNX graphs from functions of TensorFlow, each compared with its origin before anything relies on it."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import tensorflow as tf
import tf2onnx

from events.objects import N_OBJECT_TYPES
from models.graphs import (
    EVENTS_OUTPUTS,
    MASK_INPUT,
    MASK_OUTPUTS,
    AnyGraph,
    EventsGraph,
    Graph,
    Noise,
    Output,
)
from training.canonical import canonical_model, packed_model
from training.latents import draw_alias
from training.loops import without_invariants
from training.masks import N_UNIFORMS, MaskGenerator
from training.transform import AZIMUTHS

Function: TypeAlias = Callable[[Mapping[str, tf.Tensor]], dict[str, tf.Tensor]]
"""Outputs by name from inputs by name, n rows each."""

_OPSET: Final = 18
_PARITY_ROWS: Final = (1, 1024)
_TOLERANCE: Final = 1e-4
_TIES: Final = 1e-3
_TYPES: Final = {"float32": tf.float32, "int64": tf.int64}


class ParityError(ArithmeticError):
    """An exported graph does not compute what the trained one does."""


def export_graph(function: Function, noise: Noise, outputs: Sequence[Output], path: Path) -> Graph:
    """Write a graph with one input, noise.

    Raises:
        ParityError: If the file computes something else than the function.
    """
    graph = Graph(file=path.name, noise=noise, outputs=tuple(outputs))
    save_canonical(convert(function, graph, [output.name for output in graph.outputs]), path)
    check_parity(function, graph, path)
    return graph


def export_events(
    function: Function,
    noises: Sequence[Noise],
    slots: int,
    path: Path,
    *,
    takes_mask: bool = False,
    outliers: float = 0.0,
) -> EventsGraph:
    """Write a graph of complete events.

    Args:
        function: From noise by name (and the masks, int64[n, 7]) to `EVENTS_OUTPUTS`.
        noises: The noise it takes.
        slots: Columns of the object outputs.
        path: The file.
        takes_mask: Whether it takes the masks.
        outliers: Share of the numbers that may differ by more than rounding, which a flow amplifies where
            it is steep.

    Raises:
        ParityError: If the file computes something else than the function.
    """
    graph = EventsGraph(
        file=path.name, noises=tuple(noises), takes_mask=takes_mask, slots=slots, outputs=EVENTS_OUTPUTS
    )
    save_canonical(convert(function, graph, [output.name for output in graph.outputs]), path)
    check_parity(function, graph, path, outliers=outliers)
    return graph


def export_masks(generator: MaskGenerator, path: Path) -> Graph:
    """Export a mask generator: uniforms float32[n, 4] -> masks int64[n, 7]."""

    def draw(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        uniforms = inputs["uniforms"]
        chosen = draw_alias(generator.first, uniforms[:, 0], uniforms[:, 1])
        if generator.second is not None:
            rare = draw_alias(generator.second, uniforms[:, 2], uniforms[:, 3])
            k = len(generator.frequent)
            chosen = tf.where(chosen < k, chosen, rare + k)
        return {"mask": tf.gather(tf.constant(generator.masks), chosen)}

    noise = Noise(name="uniforms", distribution="uniform", width=N_UNIFORMS)
    return export_graph(draw, noise, MASK_OUTPUTS, path)


def round_weights(model: tf.Module) -> None:
    """Round the weights of a network to half precision, in which `_write` then stores them."""
    for variable in model.weights:
        variable.assign(variable.numpy().astype(np.float16).astype(np.float32))


def convert(function: Function, graph: AnyGraph, outputs: Sequence[str]) -> onnx.ModelProto:
    """The ONNX model of a function with the inputs of a graph and outputs of these names."""
    names = [entry.name for entry in graph.inputs]
    signature = [
        tf.TensorSpec((None, entry.width), _TYPES[entry.dtype], name=entry.name) for entry in graph.inputs
    ]
    positional = tf.function(lambda *values: function(dict(zip(names, values, strict=True))))
    model, _ = tf2onnx.convert.from_function(positional, input_signature=signature, opset=_OPSET)
    _name_outputs(model, outputs)
    return model  # type: ignore[no-any-return] # tf2onnx ships no types


def save_canonical(model: onnx.ModelProto, path: Path) -> None:
    """Write a model such that the same one always gives the same file."""
    canonical = packed_model(canonical_model(without_invariants(model)))
    onnx.checker.check_model(canonical, full_check=True)
    onnx.save(canonical, path)


def _name_outputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Give the graph's outputs the names of the function's dictionary, which tf2onnx orders by key."""
    for output, name in zip(model.graph.output, sorted(names), strict=True):
        renamed, output.name = output.name, name
        for node in model.graph.node:
            node.output[:] = [name if tensor == renamed else tensor for tensor in node.output]
            node.input[:] = [name if tensor == renamed else tensor for tensor in node.input]


def check_parity(function: Function, graph: AnyGraph, path: Path, *, outliers: float = 0.0) -> None:
    """Compare the file with its origin on seeded noise, for a single row and for many.

    Args:
        function: The origin.
        graph: What the file takes and gives.
        path: The file.
        outliers: Share of the numbers that may differ.

    Raises:
        ParityError: If a number differs beyond rounding, or a choice more often than ties explain.
    """
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    for rows in _PARITY_ROWS:
        inputs = trial_inputs(graph, rows, rng)
        expected = {name: value.numpy() for name, value in function(as_tensors(inputs)).items()}
        names = list(expected)
        found = dict(zip(names, session.run(names, inputs), strict=True))
        for name in names:
            _compare(path.name, name, found[name], expected[name], outliers)


def trial_inputs(graph: AnyGraph, rows: int, rng: np.random.Generator) -> dict[str, npt.NDArray[Any]]:
    """Noise for a graph, and masks of 0 to 2 objects of each type, as many as fit, if it takes them."""
    drawn: dict[str, npt.NDArray[Any]] = {}
    for noise in graph.noises:
        draw = rng.random if noise.distribution == "uniform" else rng.standard_normal
        drawn[noise.name] = draw((rows, noise.width), dtype=np.float32)
    if isinstance(graph, EventsGraph) and graph.takes_mask:
        ends = np.cumsum(rng.integers(0, 3, (rows, N_OBJECT_TYPES)), axis=1)
        drawn[MASK_INPUT.name] = np.diff(np.minimum(ends, graph.slots), axis=1, prepend=0)
    return drawn


def as_tensors(inputs: Mapping[str, npt.NDArray[Any]]) -> dict[str, tf.Tensor]:
    """Arrays by name as tensors."""
    return {name: tf.constant(values) for name, values in inputs.items()}


def _compare(
    file: str, name: str, found: npt.NDArray[Any], expected: npt.NDArray[Any], outliers: float
) -> None:
    if np.issubdtype(expected.dtype, np.integer):
        # Where two choices are all but equal, rounding may decide otherwise.
        worst, tolerance = float(np.mean(found != expected)), _TIES
    else:
        difference = found - expected
        if name in AZIMUTHS:
            difference = (difference + np.pi) % (2 * np.pi) - np.pi
        relative = np.abs(difference) / (1 + np.abs(expected))
        worst, tolerance = float(np.quantile(relative, 1 - outliers)), _TOLERANCE
    if not worst <= tolerance:
        raise ParityError(f"{file}: {name} differs from the trained network by {worst:.2g}")
