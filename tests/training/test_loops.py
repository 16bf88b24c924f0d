import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.loops import without_invariants


def looping(*, copied: bool) -> onnx.ModelProto:
    """Three times x -> x w + b; the loop carries x, w and b, the last two unchanged or as copies."""
    names = ("x", "w", "b")
    one = {name: helper.make_tensor_value_info(f"{name}_in", TensorProto.FLOAT, [None]) for name in names}
    given = {name: f"{name}_out" if copied else f"{name}_in" for name in ("w", "b")}
    steps = [
        helper.make_node("Mul", ["x_in", "w_in"], ["product"]),
        helper.make_node("Add", ["product", "b_in"], ["x_out"]),
        helper.make_node("Identity", ["go_in"], ["go_out"]),
    ]
    if copied:
        steps += [helper.make_node("Identity", [f"{name}_in"], [given[name]]) for name in ("w", "b")]
    body = helper.make_graph(
        steps,
        "body",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_in", TensorProto.BOOL, []),
            *one.values(),
        ],
        [
            helper.make_tensor_value_info("go_out", TensorProto.BOOL, []),
            *(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, [None])
                for name in ("x_out", *given.values())
            ),
        ],
    )
    nodes = [
        helper.make_node("Loop", ["turns", "go", "x", "w", "b"], ["last", "same_w", "same_b"], body=body),
        helper.make_node("Add", ["last", "same_w"], ["y"]),
    ]
    w, b = (np.array([value], np.float32) for value in (2, 1))
    constants = {"turns": np.array(3), "go": np.array(True), "w": w, "b": b}
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [None]) for name in ("x", "y"))
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "graph", [x], [y], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


@pytest.mark.parametrize("copied", [False, True])
def test_a_loop_carries_only_what_changes_and_stays_the_same_function(copied: bool) -> None:
    model = looping(copied=copied)
    hoisted = without_invariants(model)
    onnx.checker.check_model(hoisted, full_check=True)
    loop = hoisted.graph.node[0]
    assert list(loop.input) == ["turns", "go", "x"]
    assert list(loop.output) == ["last"]
    x = np.array([0.5, -3.0], np.float32)
    before = [] if not copied else [model]
    for one in (*before, hoisted):
        (y,) = ort.InferenceSession(one.SerializeToString()).run(["y"], {"x": x})
        np.testing.assert_array_equal(y, 8 * x + 7 + 2)


def test_the_model_given_is_left_as_it_was() -> None:
    model = looping(copied=True)
    without_invariants(model)
    assert len(model.graph.node[0].input) == 5
