import numpy as np
import pytest
import tensorflow as tf

from training.spline_flow.quantiles import LIMIT, QuantileTable, from_normal

SAMPLE = np.random.default_rng(1).exponential(2.0, 20_000).astype(np.float32)


def test_a_table_makes_a_sample_normal_and_back() -> None:
    table = QuantileTable.fit(SAMPLE)
    normal = table.to_normal(SAMPLE)
    assert np.quantile(normal, [0.1587, 0.5, 0.8413]) == pytest.approx([-1, 0, 1], abs=0.01)
    back = from_normal([table], tf.constant(normal[:, None])).numpy()[:, 0]
    np.testing.assert_allclose(back, SAMPLE, rtol=1e-3, atol=1e-4)


def test_columns_have_tables_of_their_own() -> None:
    tables = [QuantileTable.fit(SAMPLE), QuantileTable.fit(-SAMPLE)]
    values = from_normal(tables, tf.constant([[0.0, 0.0], [1.0, -1.0]])).numpy()
    np.testing.assert_allclose(values[:, 0], -values[:, 1], rtol=1e-4)


def test_nothing_beyond_the_sample_is_made() -> None:
    table = QuantileTable.fit(SAMPLE)
    ends = from_normal([table], tf.constant([[-50.0], [-LIMIT], [LIMIT], [50.0]])).numpy()
    assert ends.min() >= SAMPLE.min()
    assert ends.max() <= SAMPLE.max()


def test_a_symmetric_table_turns_signs_into_signs() -> None:
    table = QuantileTable.fit(SAMPLE - 1, symmetric=True)
    np.testing.assert_allclose(table.to_normal(-SAMPLE), -table.to_normal(SAMPLE), atol=1e-5)


def test_equal_values_and_none_are_no_harm() -> None:
    for sample in (np.full(10, 3.0), np.empty(0)):
        table = QuantileTable.fit(sample)
        assert np.isfinite(table.to_normal(np.array([3.0, 5.0], np.float32))).all()
