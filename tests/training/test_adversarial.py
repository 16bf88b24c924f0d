from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import wasserstein_distance

from tests.support.synthetic import synthetic_events
from training.adversarial import GANConfig, WassersteinGAN, mean_distance
from training.data.slots import SlotLayout
from training.event_rows import N_CLASSES, EventRows
from training.transform import Standardisation

LAYOUT = SlotLayout.any_type(4)
SHAPE = GANConfig(latent=6, generator=(16,), critic=(16,), critic_steps=5, penalty=10.0)
ROWS = EventRows(
    LAYOUT,
    Standardisation(("met", "met_phi"), (1.5, 0.0), (0.5, 1.8)),
    Standardisation(("E", "pt", "eta", "phi"), (2.0, 1.8, 0.0, 0.0), (0.4, 0.3, 1.0, 1.8)),
)


@pytest.fixture
def gan() -> WassersteinGAN:
    return WassersteinGAN(ROWS, SHAPE, seed=1)


def normal(n: int, width: int) -> tf.Tensor:
    return tf.constant(np.random.default_rng(3).standard_normal((n, width), dtype=np.float32))


def real_rows(n: int) -> tf.Tensor:
    events = synthetic_events(4 * n, seed=2, mean_objects=3)
    return tf.constant(ROWS.forward(LAYOUT.rows(events.take(LAYOUT.select(events)))[:n]))


def test_generated_rows_look_like_real_ones(gan: WassersteinGAN) -> None:
    n_types = ROWS.widths[2]
    for rows in (real_rows(50), gan.hard_rows(normal(50, SHAPE.latent))):
        types = rows.numpy()[:, -n_types:].reshape(50, -1, N_CLASSES)
        assert np.array_equal(types.sum(axis=2), np.ones(types.shape[:2]))
        assert set(np.unique(types)) <= {0, 1}
        kinematics = rows.numpy()[:, 2:-n_types].reshape(50, -1, 4)
        assert np.all(kinematics[types[:, :, -1] == 1] == 0)


def test_the_critic_sees_shares_of_types(gan: WassersteinGAN) -> None:
    types = gan.soft_rows(normal(50, SHAPE.latent)).numpy()[:, -ROWS.widths[2] :].reshape(50, -1, N_CLASSES)
    np.testing.assert_allclose(types.sum(axis=2), 1, rtol=1e-5)
    assert np.all((types > 0) & (types < 1))


def test_the_penalty_is_the_mean_square_of_slope_less_one(gan: WassersteinGAN) -> None:
    """Of a linear critic the slope is the norm of its weights, wherever it is taken."""
    linear = replace(SHAPE, critic=())
    critic = WassersteinGAN(ROWS, linear, seed=2)
    (weights,) = (w.numpy() for w in critic.critic.weights if len(w.shape) == 2)
    distance, penalty = critic.critic_loss(real_rows(50), normal(50, gan.noise_width))
    assert float(penalty) == pytest.approx(10 * (np.linalg.norm(weights) - 1) ** 2, rel=1e-3)
    made = critic.soft_rows(normal(50, gan.noise_width)[:, : SHAPE.latent])
    difference = tf.reduce_mean(made, axis=0) - tf.reduce_mean(real_rows(50), axis=0)
    assert float(distance) == pytest.approx(float(difference.numpy() @ weights[:, 0]), rel=1e-2, abs=1e-4)


def test_the_generator_wants_a_high_judgement(gan: WassersteinGAN) -> None:
    noise = normal(50, gan.noise_width)
    made = gan.soft_rows(noise[:, SHAPE.latent : 2 * SHAPE.latent])
    found = gan.batch_loss(real_rows(50), noise, training=True)
    assert float(found) == pytest.approx(-float(tf.reduce_mean(gan.critic(made))), rel=1e-5)


def test_the_mean_distance_is_scipy_s() -> None:
    rng = np.random.default_rng(4)
    truth, sample = (rng.normal(shift, 1, (500, 3)).astype(np.float32) for shift in (0, 0.3))
    expected = np.mean([wasserstein_distance(truth[:, i], sample[:, i]) for i in range(3)])
    assert mean_distance(truth, sample) == pytest.approx(expected, rel=1e-5)
    assert mean_distance(truth, truth[::-1]) == 0
