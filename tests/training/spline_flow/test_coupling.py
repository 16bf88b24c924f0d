import keras
import numpy as np
import pytest
import tensorflow as tf

from events.batch import Floats
from training.angles import wrap
from training.spline_flow.coupling import CouplingFlow, FlowConfig

LINES, CIRCLES, CONTEXT = 3, 2, 2
CONFIG = FlowConfig(layers=4, bins=5, units=(16,))
RING_WIDTH, FOLLOWER_WIDTH = 0.2, 0.3


def a_flow(*, seed: int = 1, lines: int = LINES, circles: int = CIRCLES) -> CouplingFlow:
    """A flow far from the identity."""
    flow = CouplingFlow(lines, circles, CONTEXT, CONFIG, seed=seed)
    rng = np.random.default_rng(seed)
    for variable in flow.trainable_variables:
        variable.assign(rng.normal(0, 0.2, variable.shape))
    return flow


def some_rows(n: int, seed: int = 2) -> tuple[tf.Tensor, ...]:
    """Coordinates, which of them are present, and contexts."""
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(0, 1.5, (n, LINES)), rng.uniform(-np.pi, np.pi, (n, CIRCLES))], axis=1)
    present = rng.random((n, LINES + CIRCLES)) < 0.7
    arrays = (x, present, rng.random((n, CONTEXT)))
    return tuple(tf.constant(array, tf.float32) for array in arrays)


def angular(difference: Floats) -> Floats:
    distance: Floats = np.abs((difference + np.pi) % (2 * np.pi) - np.pi)
    return distance


def test_noise_and_back_is_where_it_started() -> None:
    x, present, context = some_rows(500)
    found = a_flow().from_noise(a_flow().to_noise(x, present, context)[0], present, context).numpy()
    difference = found - x.numpy()
    assert np.abs(difference[:, :LINES]).max() < 2e-3
    assert angular(difference[:, LINES:]).max() < 2e-3


def test_an_unfitted_flow_is_the_identity() -> None:
    x, present, context = some_rows(200)
    z, log_det = CouplingFlow(LINES, CIRCLES, CONTEXT, CONFIG, seed=1).to_noise(x, present, context)
    np.testing.assert_allclose(z, x, atol=1e-5)
    np.testing.assert_allclose(log_det, 0, atol=1e-4)


def test_the_determinant_is_that_of_the_jacobian_of_what_is_present() -> None:
    x, present, context = some_rows(20)
    flow = a_flow()
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        z, log_det = flow.to_noise(x, present, context)
        columns = tf.unstack(tf.reduce_sum(z, axis=0))
    jacobians = np.stack([tape.gradient(column, x) for column in columns], axis=1).astype(np.float64)
    for jacobian, here, found in zip(jacobians, present.numpy() > 0, log_det.numpy(), strict=True):
        _, expected = np.linalg.slogdet(jacobian[np.ix_(here, here)])
        assert found == pytest.approx(expected, abs=2e-3)


def test_what_is_absent_changes_nothing() -> None:
    x, present, context = some_rows(200)
    other = tf.where(present > 0, x, some_rows(200, seed=9)[0])
    flow = a_flow()
    np.testing.assert_array_equal(flow.log_prob(x, present, context), flow.log_prob(other, present, context))


def test_a_density_integrates_to_one() -> None:
    line, angle = np.linspace(-8, 8, 400), np.linspace(-np.pi, np.pi, 200, endpoint=False)
    grid = np.stack(np.meshgrid(line, angle, indexing="ij"), axis=-1).reshape(-1, 2)
    x = np.zeros((len(grid), LINES + CIRCLES), np.float32)
    x[:, [0, LINES]] = grid
    present = np.zeros_like(x)
    present[:, [0, LINES]] = 1
    context = np.tile(np.array([0.3, 0.9], np.float32), (len(grid), 1))
    density = np.exp(a_flow().log_prob(tf.constant(x), tf.constant(present), tf.constant(context)))
    assert density.sum() * (line[1] - line[0]) * (angle[1] - angle[0]) == pytest.approx(1, abs=0.01)


def test_the_context_matters() -> None:
    x, present, context = some_rows(10)
    flow = a_flow()
    assert not np.allclose(flow.log_prob(x, present, context), flow.log_prob(x, present, 1 - context))


def ring(n: int, rng: np.random.Generator) -> tuple[tf.Tensor, ...]:
    """Points on a ring in two lines, and an angle that follows theirs: nothing that factorises."""
    turn = rng.uniform(-np.pi, np.pi, n)
    radius = rng.normal(1.5, RING_WIDTH, n)
    follower = wrap(turn + rng.normal(0, FOLLOWER_WIDTH, n))
    x = np.column_stack([radius * np.cos(turn), radius * np.sin(turn), follower, np.zeros(n)])
    arrays = (x, np.tile([1, 1, 1, 0], (n, 1)), np.zeros((n, CONTEXT)))
    return tuple(tf.constant(array, tf.float32) for array in arrays)


def test_a_density_is_learnt() -> None:
    rng = np.random.default_rng(3)
    flow = CouplingFlow(2, 2, CONTEXT, FlowConfig(layers=4, bins=5, units=(24,)), seed=4)
    weights = flow.trainable_variables
    optimizer = keras.optimizers.Adam(1e-2)
    optimizer.build(weights)

    def step(x: tf.Tensor, present: tf.Tensor, context: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(flow.log_prob(x, present, context))
        optimizer.apply(tape.gradient(loss, weights), weights)

    compiled = tf.function(step, jit_compile=True)
    for _ in range(200):
        compiled(*ring(256, rng))
    # The entropy of a Gaussian of either width, of the radius' Jacobian, and of the turn.
    entropy = sum(0.5 * np.log(2 * np.pi * np.e * width**2) for width in (RING_WIDTH, FOLLOWER_WIDTH))
    entropy += np.log(2 * np.pi * 1.5)
    held_out = -float(tf.reduce_mean(flow.log_prob(*ring(4000, rng))))
    assert entropy - 0.05 < held_out < entropy + 0.3
