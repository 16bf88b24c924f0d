import numpy as np
import pytest

from tests.support.synthetic import synthetic_events
from training.evaluation.matrix import VECTOR, Standardiser, columns
from training.evaluation.observables import observables

FOUND = observables(synthetic_events(500, seed=1))


def test_columns_follow_the_names_with_logarithms_where_scaled_so() -> None:
    matrix = columns(FOUND, ["n_jet", "met"])
    np.testing.assert_array_equal(matrix[:, 0], FOUND["n_jet"].values)
    np.testing.assert_allclose(matrix[:, 1], np.log10(np.maximum(FOUND["met"].values, 1e-3)))


def test_all_observables_are_columns_unless_named() -> None:
    assert columns(FOUND).shape == (500, len(FOUND))
    assert columns(FOUND, VECTOR).shape == (500, len(VECTOR))


def test_truth_has_mean_0_and_spread_1_and_no_gaps() -> None:
    matrix = columns(FOUND, VECTOR)
    points = Standardiser.of(matrix)(matrix)
    assert np.isfinite(points).all()
    for column, original in zip(points.T, matrix.T, strict=True):
        present = np.isfinite(original)
        assert column[present].mean() == pytest.approx(0, abs=1e-9)
        assert column[present].std() == pytest.approx(1) or np.ptp(original[present]) == 0
        assert (column[~present] == 0).all()


def test_a_column_that_nobody_has_is_0() -> None:
    empty = np.full((3, 1), np.nan)
    assert Standardiser.of(empty)(empty).tolist() == [[0], [0], [0]]
