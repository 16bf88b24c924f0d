"""The same graph as the same bytes: tf2onnx orders and names nodes differently from run to run."""

from typing import Final

import numpy as np
import onnx
from onnx import helper, numpy_helper

from training.twins import twins

_SMALL: Final = 1024


def canonical_model(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with nodes in the order in which its outputs need them, and tensors numbered in that order.

    Inputs and outputs keep their names and order, their open dimension is called n; what no output needs is
    dropped, and what is computed alike is computed once. The bodies of loops are treated likewise; there
    inputs and outputs, which have a place and no meaning to others, are numbered too.
    """
    graph = model.graph
    kept = {value.name: value.name for value in (*graph.input, *graph.output)}
    nodes, constants, _ = _canonical_parts(graph, kept, "")
    inputs, outputs = ([_with_rows(value) for value in values] for values in (graph.input, graph.output))
    canonical = helper.make_graph(nodes, "graph", inputs, outputs, constants)
    return helper.make_model(canonical, opset_imports=model.opset_import, ir_version=model.ir_version)


def _canonical_parts(
    graph: onnx.GraphProto, known: dict[str, str], prefix: str
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto], dict[str, str]]:
    """Nodes and constants under their new names, and all new names by the old ones.

    Args:
        graph: The graph.
        known: New names of tensors that have one: inputs and outputs, and of a body what lies outside.
        prefix: Of new names.
    """
    producers = {tensor: node for node in graph.node for tensor in node.output}
    constants = {constant.name: constant for constant in graph.initializer}
    ordered = _in_order_of_need([output.name for output in graph.output], producers)
    same = twins(ordered, constants, known)
    nodes = [node for node in ordered if node.output[0] not in same]
    names = known | {"": ""}
    for node in nodes:
        for tensor in (*_read_by(node), *node.output):
            names.setdefault(same.get(tensor, tensor), f"{prefix}t{len(names)}")
    names |= {tensor: names[twin] for tensor, twin in same.items() if twin in names}
    needed = [tensor for node in nodes for tensor in _read_by(node)]
    read = (same.get(tensor, tensor) for tensor in (*needed, *(out.name for out in graph.output)))
    used = dict.fromkeys(tensor for tensor in read if tensor in constants)
    renamed = [_renamed(constants[tensor], names[tensor]) for tensor in used]
    for number, node in enumerate(nodes):
        node.name = f"{prefix}n{number}"
        if not node.domain:
            # Absent and empty mean the same, and are other bytes.
            node.ClearField("domain")
        for attribute in node.attribute:
            if attribute.HasField("g"):
                attribute.g.CopyFrom(_canonical_body(attribute.g, names, f"{node.name}_"))
        node.input[:] = [names[tensor] for tensor in node.input]
        node.output[:] = [names[tensor] for tensor in node.output]
    return nodes, renamed, names


def _canonical_body(body: onnx.GraphProto, outside: dict[str, str], prefix: str) -> onnx.GraphProto:
    """The body of a loop."""
    inner = {value.name: f"{prefix}in{i}" for i, value in enumerate(body.input)}
    for i, value in enumerate(body.output):
        inner.setdefault(value.name, f"{prefix}out{i}")
    nodes, constants, names = _canonical_parts(body, outside | inner, prefix)
    inputs, outputs = (
        [_named(value, names[value.name]) for value in values] for values in (body.input, body.output)
    )
    return helper.make_graph(nodes, f"{prefix}body", inputs, outputs, constants)


def packed_model(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with its larger float32 constants in half precision wherever that loses nothing."""
    packed = onnx.ModelProto()
    packed.CopyFrom(model)
    casts = []
    for constant in packed.graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.dtype != np.float32 or values.size < _SMALL:
            continue
        half = values.astype(np.float16)
        if np.array_equal(half.astype(np.float32), values):
            name, stored = constant.name, f"{constant.name}_half"
            constant.CopyFrom(numpy_helper.from_array(half, stored))
            cast = helper.make_node("Cast", [stored], [name], name=f"{name}_cast", to=onnx.TensorProto.FLOAT)
            casts.append(cast)
    nodes = [*casts, *packed.graph.node]
    del packed.graph.node[:]
    packed.graph.node.extend(nodes)
    return packed


def _in_order_of_need(wanted: list[str], producers: dict[str, onnx.NodeProto]) -> list[onnx.NodeProto]:
    """Copies of the nodes behind some tensors, each after all that it needs."""
    ordered: dict[str, onnx.NodeProto] = {}
    stack = [(tensor, False) for tensor in reversed(wanted)]
    while stack:
        tensor, needs_done = stack.pop()
        node = producers.get(tensor)
        if node is None or node.output[0] in ordered:
            continue
        if needs_done:
            ordered[node.output[0]] = node
        else:
            stack.append((tensor, True))
            stack.extend((name, False) for name in reversed(_read_by(node)))
    return list(ordered.values())


def _read_by(node: onnx.NodeProto) -> list[str]:
    """The tensors that a node needs: its inputs, and what the body of a loop reads from outside."""
    read = list(node.input)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            body = attribute.g
            own = {value.name for value in (*body.input, *body.initializer)}
            own.update(tensor for inner in body.node for tensor in inner.output)
            inside = [tensor for inner in body.node for tensor in _read_by(inner)]
            inside += [value.name for value in body.output]
            read += dict.fromkeys(tensor for tensor in inside if tensor and tensor not in own)
    return read


def _with_rows(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(value)
    for dimension in copy.type.tensor_type.shape.dim:
        if dimension.dim_param:
            dimension.dim_param = "n"
    return copy


def _named(value: onnx.ValueInfoProto, name: str) -> onnx.ValueInfoProto:
    copy = onnx.ValueInfoProto()
    copy.CopyFrom(value)
    copy.name = name
    # Open dimensions of a body have names of one run, and no meaning.
    for dimension in copy.type.tensor_type.shape.dim:
        dimension.ClearField("dim_param")
    return copy


def _renamed(constant: onnx.TensorProto, name: str) -> onnx.TensorProto:
    copy = onnx.TensorProto()
    copy.CopyFrom(constant)
    copy.name = name
    return copy
