import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from events.batch import Floats
from tests.support.object_networks import padded_events
from tests.training.architectures.test_flow import CONFIG
from training.autoregressive.coordinates import Coordinates
from training.autoregressive.fittable import Densities, TunedDensities, fit_rows
from training.autoregressive.settings import Settings
from training.config import TrainingConfig

SETTINGS = Settings.of(TrainingConfig.from_dict(CONFIG | {"slots": 7}))
NO_NOISE = tf.zeros((0,))


def rows(n: int = 400) -> Floats:
    events = padded_events(n, seed=3)
    return fit_rows(Coordinates.fit(events.canonical), events.met, events.types, events.objects)


def weighted(weights: npt.NDArray[np.float64]) -> tf.Tensor:
    return tf.constant(np.column_stack([rows(), weights]).astype(np.float32))


def test_with_equal_weights_nothing_is_left_to_learn() -> None:
    before = Densities(SETTINGS, seed=4)
    model = TunedDensities(SETTINGS, before.network)
    with tf.GradientTape() as tape:
        loss = model.batch_loss(weighted(np.ones(len(rows()))), NO_NOISE, training=False)
    assert float(loss) == pytest.approx(0, abs=1e-5)
    for gradient in tape.gradient(loss, model.trainable_variables):
        assert float(tf.reduce_max(tf.abs(gradient))) < 1e-5


def test_at_first_it_follows_the_likelihood_of_weighted_events() -> None:
    """The gradient of the divergence vanishes where it starts, so what is left is that of -(w - 1) log q."""
    before = Densities(SETTINGS, seed=4)
    model = TunedDensities(SETTINGS, before.network)
    chosen = np.arange(len(rows())) % 2 == 0
    with tf.GradientTape() as tape:
        loss = model.batch_loss(weighted(np.where(chosen, 2.0, 0.0)), NO_NOISE, training=False)
    found = tape.gradient(loss, model.trainable_variables)
    with tf.GradientTape() as tape:
        likely, unlikely = (
            before.batch_loss(tf.constant(rows()[kept]), NO_NOISE, training=False) * kept.mean()
            for kept in (chosen, ~chosen)
        )
        loss = likely - unlikely
    expected = tape.gradient(loss, before.trainable_variables)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=2e-4)
