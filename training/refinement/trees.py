"""Boosted trees that tell events from truth, and the same trees as a node of an ONNX graph.

The logarithm of the odds that they give is that of the ratio of the densities of truth and model, up to what
they have not learnt (Cranmer et al., arXiv:1506.02169). The converter skl2onnx would do the second part, but
cannot with the releases of scikit-learn and onnx that this project uses.
"""

from typing import Annotated, Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper
from pydantic import Field
from pydantic.dataclasses import dataclass as checked_dataclass
from sklearn.ensemble import HistGradientBoostingClassifier

from events.batch import Floats
from training.config import STRICT
from training.evaluation.classifiers import Labelled

ML_DOMAIN: Final = "ai.onnx.ml"
ML_OPSET: Final = 3

_LEAF_SIZE: Final = 200
_PATIENCE: Final = 15


@checked_dataclass(frozen=True, slots=True, config=STRICT)
class TreesConfig:
    """How trees are fitted.

    Attributes:
        trees: The most trees; fewer if validation events have no use for more.
        leaves: The most leaves of a tree.
        learning_rate: Share of each tree that counts.
        features: Share of the observables that each split of a tree may choose from.
    """

    trees: Annotated[int, Field(ge=1, le=1000)] = 150
    leaves: Annotated[int, Field(ge=2, le=64)] = 15
    learning_rate: Annotated[float, Field(gt=0, le=1)] = 0.2
    features: Annotated[float, Field(gt=0, le=1)] = 0.5


def fit_trees(train: Labelled, validation: Labelled, config: TreesConfig, *, seed: int) -> Any:  # noqa: ANN401
    """Trees that tell true from generated events; scikit-learn ships no types.

    Args:
        train: Events to learn from.
        validation: Events that say when to stop.
        config: How.
        seed: Of the observables that each split may choose from.
    """
    trees = HistGradientBoostingClassifier(
        learning_rate=config.learning_rate,
        max_iter=config.trees,
        max_leaf_nodes=config.leaves,
        max_features=config.features,
        min_samples_leaf=_LEAF_SIZE,
        early_stopping=True,
        n_iter_no_change=_PATIENCE,
        random_state=seed,
    )
    return trees.fit(
        train.x,
        train.y,
        sample_weight=train.weights,
        X_val=validation.x,
        y_val=validation.y,
        sample_weight_val=validation.weights,
    )


def odds(trees: Any, x: npt.NDArray[np.floating]) -> Floats:  # noqa: ANN401
    """The odds of truth that trees from `fit_trees` give events, float64[n]."""
    return np.exp(trees.decision_function(x))  # type: ignore[no-any-return]


def tree_node(trees: Any, inputs: str, output: str) -> onnx.NodeProto:  # noqa: ANN401
    """A node that gives the logarithm of the odds, float32[n, 1], of observables float32[n, k].

    Args:
        trees: From `fit_trees`, of observables without missing values.
        inputs: Name of the observables.
        output: Name of the result.
    """
    each = [predictor.nodes for (predictor,) in trees._predictors]  # noqa: SLF001 # no public way to the nodes
    nodes, tree = np.concatenate(each), np.repeat(np.arange(len(each)), [len(one) for one in each])
    number = np.concatenate([np.arange(len(one)) for one in each])
    leaf = nodes["is_leaf"] == 1
    return helper.make_node(
        "TreeEnsembleRegressor",
        [inputs],
        [output],
        domain=ML_DOMAIN,
        n_targets=1,
        base_values=[float(trees._baseline_prediction.item())],  # noqa: SLF001
        nodes_treeids=tree.tolist(),
        nodes_nodeids=number.tolist(),
        nodes_featureids=np.where(leaf, 0, nodes["feature_idx"]).tolist(),
        nodes_modes=np.where(leaf, "LEAF", "BRANCH_LEQ").tolist(),
        nodes_values=_rounded_down(np.where(leaf, 0, nodes["num_threshold"])),
        nodes_truenodeids=np.where(leaf, 0, nodes["left"]).tolist(),
        nodes_falsenodeids=np.where(leaf, 0, nodes["right"]).tolist(),
        target_treeids=tree[leaf].tolist(),
        target_nodeids=number[leaf].tolist(),
        target_ids=[0] * int(leaf.sum()),
        target_weights=nodes["value"][leaf].astype(np.float32).tolist(),
    )


def _rounded_down(thresholds: npt.NDArray[np.float64]) -> list[float]:
    """The largest single-precision numbers not above thresholds: the same numbers lie below them."""
    nearest = thresholds.astype(np.float32)
    below = np.nextafter(nearest, np.float32(-np.inf))
    return np.where(nearest > thresholds, below, nearest).tolist()  # type: ignore[no-any-return]
