"""Tensors of a graph that are computed alike: tf2onnx writes the same steps wherever they are needed."""

from collections.abc import Iterable, Mapping, Sequence

import onnx


def twins(
    nodes: Iterable[onnx.NodeProto], constants: Mapping[str, onnx.TensorProto], fixed: Iterable[str]
) -> dict[str, str]:
    """For each tensor that is computed as an earlier one is, that one.

    Graphs draw no random numbers themselves, so equal nodes with equal inputs have equal outputs.

    Args:
        nodes: Each after all that it needs.
        constants: By name.
        fixed: Tensors that must stay.
    """
    first_constants: dict[bytes, str] = {}
    same = {name: first_constants.setdefault(_content(value), name) for name, value in constants.items()}
    first: dict[bytes, Sequence[str]] = {}
    fixed = frozenset(fixed)
    for node in nodes:
        outputs = list(node.output)
        like = first.setdefault(_step(node, same), outputs)
        if not fixed.intersection(outputs):
            same |= zip(outputs, like, strict=True)
    return {tensor: twin for tensor, twin in same.items() if tensor != twin}


def _content(constant: onnx.TensorProto) -> bytes:
    nameless = onnx.TensorProto()
    nameless.CopyFrom(constant)
    nameless.ClearField("name")
    content: bytes = nameless.SerializeToString(deterministic=True)
    return content


def _step(node: onnx.NodeProto, same: Mapping[str, str]) -> bytes:
    """The node without its names, reading the first of equal tensors; a loop is like no other."""
    nameless = onnx.NodeProto()
    nameless.CopyFrom(node)
    nameless.input[:] = [same.get(tensor, tensor) for tensor in node.input]
    if not any(attribute.HasField("g") for attribute in node.attribute):
        del nameless.output[:]
        nameless.ClearField("name")
        nameless.ClearField("doc_string")
        nameless.ClearField("domain")
        nameless.attribute.sort(key=lambda attribute: attribute.name)
        nameless.output.extend("" for _ in node.output)
    content: bytes = nameless.SerializeToString(deterministic=True)
    return content
