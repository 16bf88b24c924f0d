import numpy as np
import tensorflow as tf
from scipy.special import expit

from training.autoregressive.quantiles import LIMIT, LogisticTable, prior


def test_positions_of_a_sample_are_logistic() -> None:
    sample = np.random.default_rng(1).exponential(30, 200_000)
    position = LogisticTable.fit(sample).to_position(sample).astype(np.float64)
    shares = expit((2 * position - 1) * LIMIT)
    np.testing.assert_allclose(np.quantile(shares, [0.01, 0.3, 0.9]), [0.01, 0.3, 0.9], atol=2e-3)


def test_a_value_comes_back_from_its_position() -> None:
    rng = np.random.default_rng(2)
    tables = [LogisticTable.fit(rng.gamma(2, 10, 5000)), LogisticTable.fit(rng.normal(0, 5, 5000))]
    values = np.array([3.0, 20.0, 60.0]), np.array([-11.0, 0.0, 4.0])
    for i, (table, expected) in enumerate(zip(tables, values, strict=True)):
        which = tf.fill((3,), tf.constant(i, tf.int64))
        found = LogisticTable.look_up(tables, which, tf.constant(table.to_position(expected)))
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-3, atol=1e-3)


def test_the_ends_are_the_extremes() -> None:
    sample = np.random.default_rng(3).normal(0, 1, 10_000)
    table = LogisticTable.fit(sample)
    ends = LogisticTable.look_up([table], tf.zeros(2, tf.int64), tf.constant([0.0, 1.0])).numpy()
    np.testing.assert_allclose(ends, [sample.min(), sample.max()], rtol=1e-6)


def test_a_value_that_many_events_share_lies_in_the_middle_of_its_positions() -> None:
    sample = np.concatenate([np.zeros(500), np.random.default_rng(4).uniform(1, 2, 500)])
    table = LogisticTable.fit(sample)
    position = table.to_position(np.zeros(1))
    assert 0.2 < position[0] < 0.3
    assert LogisticTable.look_up([table], tf.zeros(1, tf.int64), tf.constant(position)).numpy()[0] == 0


def test_what_no_event_has_gives_no_error() -> None:
    assert set(LogisticTable.fit(np.empty(0)).values) == {0.0}


def test_the_prior_is_the_logistic_density() -> None:
    logit = np.linspace(-LIMIT, LIMIT, 9)
    np.testing.assert_allclose(np.exp(prior(8)), expit(logit) * expit(-logit), rtol=1e-5)
