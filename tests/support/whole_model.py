"""A small artefact whose events graph makes complete events, with or without masks and acceptance."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.graphs import (
    ACCEPTANCE_OUTPUTS,
    EVENTS_OUTPUTS,
    MASK_OUTPUTS,
    AcceptanceGraph,
    EventsGraph,
    Graph,
    Noise,
)
from models.manifest import (
    CARD_FILE,
    Provenance,
    RefinedEventsManifest,
    WholeEventsManifest,
    describe_files,
    write_manifest,
)
from tests.support.tiny_model import ELEMENT, TINY, Array, mask_graph, provenance

SLOT_TYPES = (0, 0, 0, 0, 1, 1, 4)
SLOT_RANKS = (0, 1, 2, 3, 0, 1, 0)
SLOTS = len(SLOT_TYPES)
NORMAL = Noise(name="normal", distribution="normal", width=3 * SLOTS + 2)
UNIFORM = Noise(name="uniform", distribution="uniform", width=SLOTS)
ACCEPTANCE = AcceptanceGraph(file="acceptance.onnx", slots=SLOTS, outputs=ACCEPTANCE_OUTPUTS)
CERTAIN_MET = 120.0
"""MET in GeV from which the acceptance graph keeps every event; below it a share in proportion."""


def build_whole_artefact(
    root: Path,
    process: str = "ttbar",
    model: str = "whole",
    *,
    masked: bool = False,
    refined: bool = False,
    training: Provenance | None = None,
    seed: int = 1,
) -> Path:
    """Write ``root/process/model`` and return it."""
    folder = root / process / model
    folder.mkdir(parents=True)
    size = replace(TINY, n_masks=20)
    onnx.save(_events_graph(masked=masked), folder / "events.onnx")
    if masked:
        most = np.bincount(SLOT_TYPES, minlength=7)
        onnx.save(mask_graph(np.random.default_rng(seed), size, most), folder / "masks.onnx")
    (folder / CARD_FILE).write_text(f"# {process}/{model}\n", encoding="utf-8")
    uniform = Noise(name="noise", distribution="uniform", width=4)
    manifest = WholeEventsManifest(
        process=process,
        model=model,
        version="1",
        description="Made-up events, for tests.",
        block_events=size.block_events,
        max_objects=SLOTS,
        files=describe_files(folder, [path.name for path in folder.glob("*.onnx")]),
        masks=Graph(file="masks.onnx", noise=uniform, outputs=MASK_OUTPUTS) if masked else None,
        events=EventsGraph(
            file="events.onnx",
            noises=(NORMAL,) if masked else (UNIFORM, NORMAL),
            takes_mask=masked,
            slots=SLOTS,
            outputs=EVENTS_OUTPUTS,
        ),
        training=training or provenance(),
        reference="none: made up",
    )
    if refined:
        return _refined(folder, manifest)
    write_manifest(folder, manifest)
    return folder


def _refined(folder: Path, manifest: WholeEventsManifest) -> Path:
    onnx.save(_acceptance_graph(), folder / ACCEPTANCE.file)
    files = describe_files(folder, [*manifest.files, ACCEPTANCE.file])
    fields = manifest.model_dump(exclude={"pipeline", "files"})
    write_manifest(folder, RefinedEventsManifest(**fields, files=files, acceptance=ACCEPTANCE))
    return folder


def _events_graph(*, masked: bool) -> onnx.ModelProto:
    """Each slot has a type of its own; log10 pT, eta and phi are normal, E follows from them."""
    constants: dict[str, Array] = {
        "types": np.array(SLOT_TYPES),
        "ranks": np.array(SLOT_RANKS),
        "absent": np.array(-1),
        "share": np.array(0.7, np.float32),
        "sizes": np.array([SLOTS, SLOTS, SLOTS, 1, 1]),
        "axis": np.array([1]),
        "spread": np.array(0.7, np.float32),
        "hard": np.array(4.3, np.float32),
        "wide": np.array(0.6, np.float32),
        "two": np.array(2, np.float32),
    }
    presence = (
        [
            helper.make_node("Gather", ["mask", "types"], ["wanted"], axis=1),
            helper.make_node("Less", ["ranks", "wanted"], ["present"]),
        ]
        if masked
        else [helper.make_node("Less", ["uniform", "share"], ["present"])]
    )
    nodes = [
        *presence,
        helper.make_node("Where", ["present", "types", "absent"], ["type"]),
        helper.make_node("Split", ["normal", "sizes"], ["a", "b", "phi", "c", "d"], axis=1),
        helper.make_node("Mul", ["a", "spread"], ["a_spread"]),
        helper.make_node("Add", ["a_spread", "hard"], ["log_pt"]),
        helper.make_node("Exp", ["log_pt"], ["pt"]),
        helper.make_node("Mul", ["b", "wide"], ["eta"]),
        helper.make_node("Cosh", ["eta"], ["boost"]),
        helper.make_node("Mul", ["pt", "boost"], ["E"]),
        helper.make_node("Squeeze", ["d", "axis"], ["met_phi"]),
        helper.make_node("Add", ["c", "hard"], ["log_met"]),
        helper.make_node("Exp", ["log_met"], ["met_column"]),
        helper.make_node("Squeeze", ["met_column", "axis"], ["met"]),
    ]
    return _model(nodes, constants, masked=masked)


def _acceptance_graph() -> onnx.ModelProto:
    inputs = [
        helper.make_tensor_value_info(entry.name, ELEMENT[entry.dtype], ["n", entry.width])
        for entry in ACCEPTANCE.inputs
    ]
    output = helper.make_tensor_value_info("acceptance", TensorProto.FLOAT, ["n"])
    constants = {"certain": np.array(CERTAIN_MET, np.float32), "one": np.array(1, np.float32), "flat": [-1]}
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    nodes = [
        helper.make_node("Reshape", ["met", "flat"], ["met_row"]),
        helper.make_node("Div", ["met_row", "certain"], ["share"]),
        helper.make_node("Min", ["share", "one"], ["acceptance"]),
    ]
    graph = helper.make_graph(nodes, "acceptance", inputs, [output], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def _model(nodes: list[onnx.NodeProto], constants: dict[str, Array], *, masked: bool) -> onnx.ModelProto:
    normal = helper.make_tensor_value_info("normal", TensorProto.FLOAT, ["n", NORMAL.width])
    other = (
        helper.make_tensor_value_info("mask", TensorProto.INT64, ["n", 7])
        if masked
        else helper.make_tensor_value_info("uniform", TensorProto.FLOAT, ["n", UNIFORM.width])
    )
    outputs = [
        helper.make_tensor_value_info(
            output.name, ELEMENT[output.dtype], ["n"] if output.name.startswith("met") else ["n", SLOTS]
        )
        for output in EVENTS_OUTPUTS
    ]
    tensors = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "whole", [normal, other], outputs, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    return model
