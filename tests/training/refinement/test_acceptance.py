from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from models.graphs import EVENTS_OUTPUTS
from tests.training.refinement.test_observables import inputs, some_events
from training.evaluation.classifiers import Labelled
from training.refinement.acceptance import Acceptance
from training.refinement.observables import CLOSEST_JETS, observable_matrix
from training.refinement.trees import TreesConfig, fit_trees

LEAST = 0.3


@pytest.fixture(scope="module")
def acceptance() -> Acceptance:
    """Trees that find truth where the two closest jets are far from each other."""
    x = observable_matrix(inputs(some_events())).numpy()
    true = np.random.default_rng(1).random(len(x)) < np.clip(x[:, CLOSEST_JETS], 0.3, 0.7)
    data = Labelled.of(x[true], x[~true])
    return Acceptance(fit_trees(data, data, TreesConfig(trees=10), seed=1), 1.2, LEAST)


def test_the_graph_computes_it(acceptance: Acceptance, tmp_path: Path) -> None:
    columns = inputs(some_events())
    graph = acceptance.export(16, tmp_path / "acceptance.onnx")
    assert {entry.name for entry in graph.inputs} == {output.name for output in EVENTS_OUTPUTS}
    session = ort.InferenceSession(tmp_path / graph.file, providers=["CPUExecutionProvider"])
    (found,) = session.run(["acceptance"], {name: column.numpy() for name, column in columns.items()})
    expected = acceptance(observable_matrix(columns).numpy())
    # Where an observable lies at a threshold, rounding decides.
    assert np.mean(np.abs(found - expected) > 1e-5) < 1e-3
    assert len(np.unique(expected)) > 5


def test_it_is_a_share_and_0_where_jets_are_too_close(acceptance: Acceptance) -> None:
    x = observable_matrix(inputs(some_events())).numpy()
    close = (x[:, CLOSEST_JETS] >= 0) & (x[:, CLOSEST_JETS] < LEAST)
    found = acceptance(x)
    assert close.any()
    assert (found[close] == 0).all()
    assert (found[~close] > 0).all()
    assert found.max() == 1
