import numpy as np
import pandas as pd
import pytest

from tests.support.synthetic import synthetic_events
from training.evaluation.correlations import CORRELATED, CorrelationSums, correlated_variables


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
