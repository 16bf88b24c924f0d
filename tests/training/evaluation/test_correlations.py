from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tests.support.synthetic import synthetic_events
from training.evaluation.correlations import CORRELATED, CorrelationSums, correlate, correlated_variables


def test_correlations_are_those_of_pandas_however_the_rows_come() -> None:
    values = correlated_variables(synthetic_events(2000, 1))
    assert 0.1 < np.isnan(values).mean() < 0.9
    sums = CorrelationSums(len(CORRELATED))
    for rows in np.array_split(values, 7):
        sums.add(rows)
    np.testing.assert_allclose(sums.matrix(), pd.DataFrame(values).corr(), rtol=1e-9, atol=1e-12)


def test_variables_are_those_of_the_leading_objects() -> None:
    batch = synthetic_events(50, 2)
    values = dict(zip(CORRELATED, correlated_variables(batch).T, strict=True))
    for event in range(len(batch)):
        objects = batch.slice(event, event + 1)
        jets = np.sort(objects.pt[objects.type == 0])[::-1]
        expected = [*jets[:4], *[np.nan] * 4][:4]
        np.testing.assert_allclose([values[f"jet{rank}_pT"][event] for rank in (1, 2, 3, 4)], expected)
    assert list(CORRELATED[:3]) == ["MET", "jet1_E", "jet1_pT"]
    assert len(CORRELATED) == 11


@pytest.mark.parametrize("values", [[[1.0, 2.0]], [[1.0, 2.0], [1.0, 3.0], [1.0, 5.0]]])
def test_what_is_not_defined_is_nan(values: list[list[float]]) -> None:
    """One row, and a variable that never changes."""
    sums = CorrelationSums(2)
    sums.add(np.array(values))
    assert np.isnan(sums.matrix()[0, 1])


def test_weights_count_rows_as_often_as_they_say() -> None:
    values = correlated_variables(synthetic_events(300, 1))
    weights = np.random.default_rng(1).integers(0, 3, 300)
    weighted, repeated = CorrelationSums(len(CORRELATED)), CorrelationSums(len(CORRELATED))
    weighted.add(values, weights.astype(np.float64))
    repeated.add(np.repeat(values, weights, axis=0))
    np.testing.assert_allclose(weighted.matrix(), repeated.matrix(), rtol=1e-9, atol=1e-12)


def test_lost_correlations_are_told_with_their_errors() -> None:
    """MET that does not belong to its event, where it was once that of the leading jet."""
    truth = synthetic_events(3000, 1)
    leading = np.nan_to_num(correlated_variables(truth)[:, 2], nan=30.0)
    related = replace(truth, met=leading.astype(np.float32))
    mixed = replace(related, met=np.random.default_rng(1).permutation(related.met))
    rng = np.random.default_rng(1)
    matrices, (largest, rms) = correlate(related, mixed, rng)
    assert matrices.truth[0][2] == pytest.approx(1, abs=0.05)
    assert matrices.sample[0][2] == pytest.approx(0, abs=0.1)
    assert largest.value == pytest.approx(1, abs=0.1)
    assert 0 < largest.error < 0.05
    assert rms.value < largest.value
    _, (none, _) = correlate(related, related, rng)
    assert none.value == pytest.approx(0, abs=1e-12)
