"""The acceptance of an event: how much likelier truth is than the model, cut at a limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper

from events.batch import Bools, Floats
from models.graphs import ACCEPTANCE_OUTPUTS, AcceptanceGraph
from training.onnx_export import convert, save_canonical
from training.refinement.observables import CLOSEST_JETS, observable_matrix
from training.refinement.trees import ML_DOMAIN, ML_OPSET, odds, tree_node

_OBSERVABLES: Final = "observables"
_APART: Final = "apart"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """min(1, w / limit), w being the odds of truth that trees give an event; 0 where jets are too close.

    Attributes:
        trees: From `training.refinement.trees.fit_trees`, of `observable_matrix`.
        limit: The weight from which an event is kept for certain.
        least_distance: Delta-R that two jets keep.
    """

    trees: Any
    limit: float
    least_distance: float

    def __call__(self, x: Floats) -> Floats:
        """The acceptances, [n], of `observable_matrix` [n, k]."""
        apart = _apart(x[:, CLOSEST_JETS], self.least_distance)
        acceptance: Floats = np.minimum(odds(self.trees, x) / self.limit, 1) * apart
        return acceptance

    def export(self, slots: int, path: Path) -> AcceptanceGraph:
        """Write it as an ONNX graph for events of so many slots."""
        graph = AcceptanceGraph(file=path.name, slots=slots, outputs=ACCEPTANCE_OUTPUTS)
        model = convert(self._known, graph, [_OBSERVABLES, _APART])
        model.opset_import.append(helper.make_opsetid(ML_DOMAIN, ML_OPSET))
        (output,) = graph.outputs
        constants = {
            "log_limit": np.float32(np.log(self.limit)),
            "one": np.float32(1),
            "flat": np.array([-1]),
        }
        model.graph.initializer.extend(
            numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
        )
        model.graph.node.extend(self._steps(output.name))
        del model.graph.output[:]
        model.graph.output.append(helper.make_tensor_value_info(output.name, TensorProto.FLOAT, ["n"]))
        save_canonical(model, path)
        return graph

    def _known(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        matrix = observable_matrix(inputs)
        apart = _apart(matrix[:, CLOSEST_JETS], self.least_distance)
        return {_OBSERVABLES: matrix, _APART: tf.cast(apart, tf.float32)}

    def _steps(self, output: str) -> list[onnx.NodeProto]:
        return [
            tree_node(self.trees, _OBSERVABLES, "log_odds"),
            helper.make_node("Reshape", ["log_odds", "flat"], ["log_weight"]),
            helper.make_node("Sub", ["log_weight", "log_limit"], ["log_share"]),
            helper.make_node("Exp", ["log_share"], ["share"]),
            helper.make_node("Min", ["share", "one"], ["certain"]),
            helper.make_node("Mul", ["certain", _APART], [output]),
        ]


def _apart(closest: Floats | tf.Tensor, least: float) -> Bools | tf.Tensor:
    """Where jets keep a distance, or there are not two of them."""
    return (closest >= np.float32(least)) | (closest < 0)
