import numpy as np
import onnx
import onnxruntime as ort
from hypothesis import given
from hypothesis import strategies as st
from onnx import helper, numpy_helper

from training.canonical import canonical_model

X, Y, Z = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None]) for name in "xyz")
CONSTANTS = {"two": 2.0, "three": 3.0, "unused": 9.0}
NODES = [
    ("Mul", ["x", "two"], ["a"]),
    ("Add", ["a", "three"], ["b"]),
    ("Mul", ["a", "b"], ["y"]),
    ("Sub", ["b", "two"], ["z"]),
    ("Add", ["x", "unused"], ["dead"]),
]


def model(prefix: str, order: list[int]) -> onnx.ModelProto:
    """The same function whatever the names; nodes in an order that may come from a run of tf2onnx."""
    name = {
        tensor: tensor if tensor in "xyz" else f"{prefix}{tensor}" for _, i, o in NODES for tensor in i + o
    }
    nodes = [
        helper.make_node(kind, [name[t] for t in i], [name[t] for t in o], name=f"{prefix}{k}")
        for k, (kind, i, o) in enumerate(NODES)
    ]
    constants = [
        numpy_helper.from_array(np.array(value, np.float32), name[key]) for key, value in CONSTANTS.items()
    ]
    graph = helper.make_graph(nodes, prefix, [X], [Y, Z], [constants[i] for i in order if i < len(constants)])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


@given(st.text("abc", min_size=1), st.permutations(range(3)))
def test_names_and_order_do_not_matter(prefix: str, order: list[int]) -> None:
    expected = canonical_model(model("k", [0, 1, 2])).SerializeToString(deterministic=True)
    assert canonical_model(model(prefix, order)).SerializeToString(deterministic=True) == expected


def test_the_function_stays_the_same_and_dead_nodes_go() -> None:
    canonical = canonical_model(model("k", [2, 1, 0]))
    onnx.checker.check_model(canonical, full_check=True)
    assert len(canonical.graph.node) == 4
    assert len(canonical.graph.initializer) == 2
    x = np.array([1.0, -2.0], np.float32)
    y, z = ort.InferenceSession(canonical.SerializeToString()).run(["y", "z"], {"x": x})
    np.testing.assert_allclose(y, 2 * x * (2 * x + 3))
    np.testing.assert_allclose(z, 2 * x + 1)


def test_what_is_computed_alike_is_computed_once() -> None:
    nodes = [
        helper.make_node("Mul", ["x", "two"], ["a"], name="first"),
        helper.make_node("Mul", ["x", "pair"], ["b"], name="second"),
        helper.make_node("Exp", ["a"], ["c"]),
        helper.make_node("Exp", ["b"], ["d"]),
        helper.make_node("Add", ["c", "d"], ["y"]),
        helper.make_node("Add", ["d", "c"], ["z"]),
    ]
    constants = [numpy_helper.from_array(np.array(2, np.float32), name) for name in ("two", "pair")]
    graph = helper.make_graph(nodes, "graph", [X], [Y, Z], constants)
    twice = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    canonical = canonical_model(twice)
    onnx.checker.check_model(canonical, full_check=True)
    assert [node.op_type for node in canonical.graph.node] == ["Mul", "Exp", "Add", "Add"]
    assert len(canonical.graph.initializer) == 1
    x = np.array([0.5, -1.0], np.float32)
    for found in ort.InferenceSession(canonical.SerializeToString()).run(["y", "z"], {"x": x}):
        np.testing.assert_allclose(found, 2 * np.exp(2 * x), rtol=1e-6)


def looping(prefix: str, order: list[int]) -> onnx.ModelProto:
    """x times 2, plus twice x, three times over: in a loop whose body also reads a tensor from outside."""
    p = {
        name: f"{prefix}{name}" for name in ("trips", "go", "base", "i", "in", "value", "half", "sum", "out")
    }
    none: list[None] = []
    scalar, flag = (onnx.TensorProto.INT64, none), (onnx.TensorProto.BOOL, none)
    many = (onnx.TensorProto.FLOAT, [f"{prefix}_open"])
    body = helper.make_graph(
        [
            helper.make_node("Mul", [p["value"], "two"], [p["half"]]),
            helper.make_node("Add", [p["half"], p["base"]], [p["sum"]]),
            helper.make_node("Identity", [p["in"]], [p["out"]]),
        ],
        prefix,
        [
            helper.make_tensor_value_info(p[name], *of)
            for name, of in (("i", scalar), ("in", flag), ("value", many))
        ],
        [helper.make_tensor_value_info(p[name], *of) for name, of in (("out", flag), ("sum", many))],
        [numpy_helper.from_array(np.array(2.0, np.float32), "two")],
    )
    nodes = [
        helper.make_node("Add", ["x", "x"], [p["base"]]),
        helper.make_node("Loop", [p["trips"], p["go"], "x"], ["y"], body=body),
    ]
    constants = [
        numpy_helper.from_array(np.array(3, np.int64), p["trips"]),
        numpy_helper.from_array(np.array(True), p["go"]),
    ]
    graph = helper.make_graph(nodes, prefix, [X], [Y], [constants[i] for i in order])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def test_names_in_the_body_of_a_loop_do_not_matter_either() -> None:
    first, second = (canonical_model(looping(*how)) for how in (("k", [0, 1]), ("other_", [1, 0])))
    assert first.SerializeToString(deterministic=True) == second.SerializeToString(deterministic=True)


def test_a_loop_stays_the_same_function() -> None:
    canonical = canonical_model(looping("k", [0, 1]))
    onnx.checker.check_model(canonical, full_check=True)
    x = np.array([1.0, -2.0], np.float32)
    (y,) = ort.InferenceSession(canonical.SerializeToString()).run(["y"], {"x": x})
    np.testing.assert_allclose(y, 2 * (2 * (2 * x + 2 * x) + 2 * x) + 2 * x)
