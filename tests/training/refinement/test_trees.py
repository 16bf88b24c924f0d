from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from events.batch import Floats
from training.evaluation.classifiers import Labelled
from training.refinement.trees import ML_DOMAIN, ML_OPSET, TreesConfig, fit_trees, odds, tree_node


def labelled(n: int, seed: int) -> Labelled:
    """Truth is twice as likely where the first number is positive; the second has few values."""
    rng = np.random.default_rng(seed)

    def events(probability: float) -> Floats:
        first = np.where(rng.random(n) < probability, 1, -1) * rng.random(n)
        return np.stack([first, rng.integers(0, 3, n)], axis=1).astype(np.float32)

    return Labelled.of(events(2 / 3), events(1 / 2))


def mean_odds(trees: Any, sign: int) -> float:  # noqa: ANN401
    """Those of events whose first number has a sign."""
    first = sign * np.linspace(0, 1, 100, dtype=np.float32)
    return float(odds(trees, np.stack([first, np.ones_like(first)], axis=1)).mean())


@pytest.fixture(scope="module")
def trees() -> Any:  # noqa: ANN401
    return fit_trees(labelled(20_000, 1), labelled(5_000, 2), TreesConfig(trees=20), seed=1)


def test_odds_are_the_ratio_of_densities(trees: Any) -> None:  # noqa: ANN401
    np.testing.assert_allclose([mean_odds(trees, sign) for sign in (1, -1)], [4 / 3, 2 / 3], rtol=0.1)


def test_unequal_numbers_of_events_do_not_change_the_odds() -> None:
    train, validation = (labelled(20_000, seed) for seed in (1, 2))
    fewer = Labelled(train.x[10_000:], train.y[10_000:])
    found = odds(
        fit_trees(fewer, validation, TreesConfig(trees=20), seed=1), np.array([[0.5, 1]], np.float32)
    )
    np.testing.assert_allclose(found, 4 / 3, rtol=0.05)


def test_the_node_computes_what_the_trees_do(trees: Any) -> None:  # noqa: ANN401
    inputs = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 2])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])
    graph = helper.make_graph([tree_node(trees, "x", "y")], "trees", [inputs], [output])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(ML_DOMAIN, ML_OPSET)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    x = labelled(5_000, 3).x
    np.testing.assert_allclose(np.exp(session.run(["y"], {"x": x})[0][:, 0]), odds(trees, x), rtol=1e-5)


def test_numbers_at_a_threshold_fall_on_the_same_side(trees: Any) -> None:  # noqa: ANN401
    node = tree_node(trees, "x", "y")
    values = {attribute.name: attribute for attribute in node.attribute}
    thresholds = np.array(values["nodes_values"].floats, np.float32)
    found = np.concatenate([predictor.nodes for (predictor,) in trees._predictors])  # noqa: SLF001
    exact = np.where(found["is_leaf"] == 1, 0, found["num_threshold"])
    assert (thresholds <= exact).all()
    assert (np.nextafter(thresholds, np.float32(np.inf)) > exact).all()
