"""Loops that read from outside what they do not change: the runtime then knows that it is constant."""

import onnx


def without_invariants(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with loops that carry along only what changes.

    tf2onnx hands a loop all that its body reads, weights among them, as if each turn might change them. The
    runtime then neither folds what is computed from weights alone nor packs them for its products once.
    """
    hoisted = onnx.ModelProto()
    hoisted.CopyFrom(model)
    for node in hoisted.graph.node:
        if node.op_type == "Loop":
            same = _hoist(node)
            for reader in hoisted.graph.node:
                reader.input[:] = [same.get(tensor, tensor) for tensor in reader.input]
    return hoisted


def _hoist(loop: onnx.NodeProto) -> dict[str, str]:
    """Take what a loop does not change out of what it carries; by its names after the loop, those before."""
    (body,) = (attribute.g for attribute in loop.attribute if attribute.name == "body")
    copies = {node.output[0]: node.input[0] for node in body.node if node.op_type == "Identity"}
    carried = list(zip(loop.input[2:], loop.output, body.input[2:], body.output[1:], strict=False))
    unchanged = [
        place
        for place, (_, _, inner, given) in enumerate(carried)
        if copies.get(given.name, given.name) == inner.name
    ]
    outside = {carried[place][2].name: carried[place][0] for place in unchanged}
    for node in body.node:
        node.input[:] = [outside.get(tensor, tensor) for tensor in node.input]
    for place in reversed(unchanged):
        # The body is also given its turn and its condition, and gives the latter.
        del loop.input[place + 2], loop.output[place], body.input[place + 2], body.output[place + 1]
    return {carried[place][1]: carried[place][0] for place in unchanged}
