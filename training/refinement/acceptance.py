"""The acceptance of an event: how much likelier truth is than the model, cut at a limit, as an ONNX graph."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from models.graphs import ACCEPTANCE_OUTPUTS, AcceptanceGraph
from training.onnx_export import convert, save_canonical
from training.refinement.observables import observable_matrix
from training.refinement.trees import ML_DOMAIN, ML_OPSET, tree_node

_OBSERVABLES: Final = "observables"


def export_acceptance(trees: Any, limit: float, slots: int, path: Path) -> AcceptanceGraph:  # noqa: ANN401
    """Write the graph min(1, w / limit), w being the odds of truth that trees give an event.

    Args:
        trees: From `training.refinement.trees.fit_trees`, of `observable_matrix`.
        limit: The weight from which an event is kept for certain.
        slots: Objects of an event at most.
        path: The file.
    """
    graph = AcceptanceGraph(file=path.name, slots=slots, outputs=ACCEPTANCE_OUTPUTS)
    model = convert(lambda inputs: {_OBSERVABLES: observable_matrix(inputs)}, graph, [_OBSERVABLES])
    model.opset_import.append(helper.make_opsetid(ML_DOMAIN, ML_OPSET))
    (output,) = graph.outputs
    log_limit, one = (
        numpy_helper.from_array(np.array(x, np.float32), name)
        for x, name in ((np.log(limit), "log_limit"), (1.0, "one"))
    )
    flat = numpy_helper.from_array(np.array([-1]), "flat")
    model.graph.initializer.extend([log_limit, one, flat])
    model.graph.node.extend(
        [
            tree_node(trees, _OBSERVABLES, "log_odds"),
            helper.make_node("Reshape", ["log_odds", "flat"], ["log_weight"]),
            helper.make_node("Sub", ["log_weight", "log_limit"], ["log_share"]),
            helper.make_node("Exp", ["log_share"], ["share"]),
            helper.make_node("Min", ["share", "one"], [output.name]),
        ]
    )
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(output.name, TensorProto.FLOAT, ["n"]))
    save_canonical(model, path)
    return graph
