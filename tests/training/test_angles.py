import numpy as np
import tensorflow as tf

from training.angles import angle_between, wrap


def test_wrapped_angles_lie_in_one_turn() -> None:
    angles = np.linspace(-20, 20, 999, dtype=np.float32)
    wrapped = wrap(tf.constant(angles)).numpy()
    assert wrapped.min() >= -np.float32(np.pi) - 1e-6
    assert wrapped.max() <= np.float32(np.pi) + 1e-6
    np.testing.assert_allclose(np.exp(1j * wrapped), np.exp(1j * angles), atol=1e-5)


def test_an_angle_between_azimuths_is_that_between_unit_vectors() -> None:
    one, other = np.random.default_rng(1).uniform(-np.pi, np.pi, (2, 999)).astype(np.float32)
    expected = np.abs(np.angle(np.exp(1j * one) / np.exp(1j * other)))
    np.testing.assert_allclose(angle_between(tf.constant(one), tf.constant(other)), expected, atol=1e-6)
