"""A small but real artefact: random weights, an alias table for the masks, every graph an ONNX file."""

import datetime as dt
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from events.objects import SYMBOLS
from models.graphs import (
    EVENT_OUTPUTS,
    MASK_OUTPUTS,
    OBJECT_OUTPUTS,
    Graph,
    Noise,
    Output,
)
from models.manifest import (
    CARD_FILE,
    IndependentObjectsManifest,
    Provenance,
    TrainingData,
    describe_files,
    write_manifest,
)

Array: TypeAlias = npt.NDArray[Any]

MEAN_COUNTS = (3.65, 1.24, 0.06, 0.06, 0.08, 0.08, 0.02)
LOG_PT = {"j": (1.95, 0.33), "b": (1.95, 0.33), "g": (1.75, 0.25)}
LOG_PT_LEPTON = (1.65, 0.22)


ELEMENT = {"float32": TensorProto.FLOAT, "int64": TensorProto.INT64}
SHAPE: dict[str, list[str | int | None]] = {"float32": ["n"], "int64": ["n", len(SYMBOLS)]}


@dataclass(frozen=True, slots=True)
class Column:
    """One output of a decoder: its mean and standard deviation, of log10 where asked for."""

    output: Output
    mean: float
    width: float
    log10: bool = False


@dataclass(frozen=True, slots=True)
class Size:
    """Widths of the networks: noise, hidden layers."""

    latent: int = 8
    hidden: tuple[int, ...] = (16,)
    event_latent: int = 4
    event_hidden: tuple[int, ...] = (8,)
    n_masks: int = 40
    block_events: int = 256


TINY = Size()
EXPERIMENT_II = Size(64, (128, 128, 128), 32, (64, 64, 64), 400, 4096)


def build_artefact(
    root: Path, process: str = "ttbar", model: str = "exp2", *, size: Size = TINY, seed: int = 1
) -> Path:
    """Write ``root/process/model`` and return it."""
    folder = root / process / model
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    onnx.save(mask_graph(rng, size, np.full(len(SYMBOLS), 4)), folder / "masks.onnx")
    onnx.save(_event_graph(rng, size), folder / "met.onnx")
    for symbol in SYMBOLS:
        onnx.save(_object_graph(rng, size, symbol), folder / f"{symbol}.onnx")
    (folder / CARD_FILE).write_text(f"# {process}/{model}\n", encoding="utf-8")
    write_manifest(folder, _manifest(folder, process, model, size))
    return folder


def _manifest(folder: Path, process: str, model: str, size: Size) -> IndependentObjectsManifest:
    normal = Noise(name="noise", distribution="normal", width=size.latent)
    return IndependentObjectsManifest(
        process=process,
        model=model,
        version="1",
        description="Random weights, for tests.",
        block_events=size.block_events,
        max_objects=19,
        files=describe_files(folder, [path.name for path in folder.glob("*.onnx")]),
        masks=Graph(
            file="masks.onnx",
            noise=Noise(name="noise", distribution="uniform", width=4),
            outputs=MASK_OUTPUTS,
        ),
        event=Graph(
            file="met.onnx",
            noise=normal.model_copy(update={"width": size.event_latent}),
            outputs=EVENT_OUTPUTS,
        ),
        objects={
            symbol: Graph(file=f"{symbol}.onnx", noise=normal, outputs=OBJECT_OUTPUTS) for symbol in SYMBOLS
        },
        training=provenance(),
        reference="none: random weights",
    )


def provenance() -> Provenance:
    data = TrainingData(
        files={"none": "0" * 64}, events_train=1, events_validation=0, events_test=0, generator="none"
    )
    return Provenance(
        data=data, config={}, seed=1, git_commit="0" * 40, versions={}, created=dt.date(2026, 1, 1)
    )


def mask_graph(rng: np.random.Generator, size: Size, most: Array) -> onnx.ModelProto:
    """An alias table over random masks: a cell by the first uniform, the cell or its alias by the second."""
    masks = np.minimum(rng.poisson(MEAN_COUNTS, (size.n_masks, len(SYMBOLS))), most)
    masks[:, 0] += masks.sum(axis=1) == 0
    constants: dict[str, Array] = {
        "cells": np.array(size.n_masks, np.float32),
        "share": rng.random(size.n_masks, np.float32),
        "alias": rng.integers(0, size.n_masks, size.n_masks),
        "table": masks.astype(np.int64),
        "first": np.array(0),
        "second": np.array(1),
    }
    nodes = [
        helper.make_node("Gather", ["noise", "first"], ["u"], axis=1),
        helper.make_node("Gather", ["noise", "second"], ["v"], axis=1),
        helper.make_node("Mul", ["u", "cells"], ["scaled"]),
        helper.make_node("Cast", ["scaled"], ["cell"], to=TensorProto.INT64),
        helper.make_node("Gather", ["share", "cell"], ["keep"]),
        helper.make_node("Gather", ["alias", "cell"], ["other"]),
        helper.make_node("Less", ["v", "keep"], ["kept"]),
        helper.make_node("Where", ["kept", "cell", "other"], ["chosen"]),
        helper.make_node("Gather", ["table", "chosen"], ["mask"]),
    ]
    return _model(nodes, constants, 4, MASK_OUTPUTS)


def _decoder(
    rng: np.random.Generator, widths: tuple[int, ...], columns: tuple[Column, ...]
) -> onnx.ModelProto:
    """Dense layers with ReLU; each output of the last one has the mean and width of its column."""
    constants: dict[str, Array] = {"ten": np.array(10, np.float32)}
    nodes, last, sample = [], "noise", rng.standard_normal((2000, widths[0]), np.float32)
    for layer, (fan_in, fan_out) in enumerate(pairwise((*widths, len(columns)))):
        weights = rng.normal(0, fan_in**-0.5, (fan_in, fan_out)).astype(np.float32)
        bias = np.zeros(fan_out, np.float32)
        final = layer == len(widths) - 1
        if final:
            target = np.array([(column.mean, column.width) for column in columns], np.float32)
            weights *= target[:, 1] / (sample @ weights).std(axis=0)
            bias = target[:, 0] - (sample @ weights).mean(axis=0)
        constants |= {f"w{layer}": weights, f"b{layer}": bias}
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}", f"b{layer}"], [f"z{layer}"]))
        last = f"z{layer}"
        if not final:
            sample = np.maximum(sample @ weights, 0)
            nodes.append(helper.make_node("Relu", [last], [f"a{layer}"]))
            last = f"a{layer}"
    for number, column in enumerate(columns):
        constants[f"i{number}"] = np.array(number)
        target_name = f"log_{column.output.name}" if column.log10 else column.output.name
        nodes.append(helper.make_node("Gather", [last, f"i{number}"], [target_name], axis=1))
        if column.log10:
            nodes.append(helper.make_node("Pow", ["ten", target_name], [column.output.name]))
    return _model(nodes, constants, widths[0], tuple(column.output for column in columns))


def _event_graph(rng: np.random.Generator, size: Size) -> onnx.ModelProto:
    met, met_phi = EVENT_OUTPUTS
    columns = (Column(met, 1.6, 0.35, log10=True), Column(met_phi, 0, 1))
    return _decoder(rng, (size.event_latent, *size.event_hidden), columns)


def _object_graph(rng: np.random.Generator, size: Size, symbol: str) -> onnx.ModelProto:
    mean, width = LOG_PT.get(symbol, LOG_PT_LEPTON)
    energy, pt, eta, phi = OBJECT_OUTPUTS
    columns = (
        Column(energy, mean + 0.3, width, log10=True),
        Column(pt, mean, width, log10=True),
        Column(eta, 0, 0.8),
        Column(phi, 0, 1),
    )
    return _decoder(rng, (size.latent, *size.hidden), columns)


def _model(
    nodes: list[onnx.NodeProto], constants: dict[str, Array], width: int, outputs: tuple[Output, ...]
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["n", width])],
        [
            helper.make_tensor_value_info(output.name, ELEMENT[output.dtype], SHAPE[output.dtype])
            for output in outputs
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model
