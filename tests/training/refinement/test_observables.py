import numpy as np
import tensorflow as tf

from events.batch import OBJECT_FLOATS, EventBatch
from tests.support.synthetic import synthetic_events
from training.data.slots import SlotLayout
from training.evaluation.observables import observables as of_the_judge
from training.refinement.observables import ABSENT, CLOSEST_JETS, observable_matrix, observables

LAYOUT = SlotLayout.any_type(16)


def inputs(batch: EventBatch) -> dict[str, tf.Tensor]:
    """Events as an events graph gives them."""
    met, types, objects = LAYOUT.split(LAYOUT.rows(batch))
    columns = {name: tf.constant(objects[..., i]) for i, name in enumerate(OBJECT_FLOATS)}
    met_columns = {"met": tf.constant(met[:, :1]), "met_phi": tf.constant(met[:, 1:])}
    return {"type": tf.constant(types)} | columns | met_columns


def some_events() -> EventBatch:
    batch = synthetic_events(4000, 1)
    return batch.take(LAYOUT.select(batch))


def test_they_are_those_of_the_judge() -> None:
    batch = some_events()
    judged = of_the_judge(batch)
    for name, column in observables(inputs(batch)).items():
        expected = np.nan_to_num(judged[name].values, nan=ABSENT)
        assert (expected != ABSENT).any(), name
        # Of the mass of a single massless object, single precision leaves rounding.
        least = 0.1 if name.endswith("mass") else 1e-3
        np.testing.assert_allclose(column.numpy(), expected, rtol=2e-3, atol=least, err_msg=name)


def test_the_closest_jets_stand_where_they_are_looked_for() -> None:
    assert list(observables(inputs(some_events())))[CLOSEST_JETS] == "closest_jets"


def test_the_order_of_slots_does_not_matter() -> None:
    columns = inputs(some_events())
    order = np.random.default_rng(2).permutation(16)
    shuffled = {
        name: column if column.shape[1] == 1 else tf.gather(column, order, axis=1)
        for name, column in columns.items()
    }
    np.testing.assert_allclose(
        observable_matrix(shuffled).numpy(), observable_matrix(columns).numpy(), rtol=1e-4, atol=1e-3
    )
