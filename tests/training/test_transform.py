import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.batch import Floats
from training.transform import Standardisation

FEATURES = ("E", "pt", "eta", "phi")


def rows(seed: int, n: int = 5000) -> Floats:
    rng = np.random.default_rng(seed)
    pt = rng.lognormal(3.5, 0.6, n)
    eta = rng.uniform(-2.8, 2.8, n)
    return np.column_stack([pt * np.cosh(eta), pt, eta, rng.uniform(-np.pi, np.pi, n)]).astype(np.float32)


def test_forward_gives_zero_mean_and_unit_variance() -> None:
    inputs = Standardisation.fit(FEATURES, [rows(1)]).forward(rows(1))
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(inputs.std(axis=0), 1, atol=1e-4)


def test_inverse_undoes_forward() -> None:
    scaling = Standardisation.fit(FEATURES, [rows(1)])
    np.testing.assert_allclose(scaling.inverse(scaling.forward(rows(2))), rows(2), rtol=1e-4, atol=1e-5)


@given(st.lists(st.integers(0, 5000), max_size=6))
def test_fit_does_not_depend_on_how_rows_are_batched(cuts: list[int]) -> None:
    whole = Standardisation.fit(FEATURES, [rows(3)])
    pieces = Standardisation.fit(FEATURES, np.split(rows(3), sorted(cuts)))
    np.testing.assert_allclose(pieces.mean, whole.mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(pieces.scale, whole.scale, rtol=1e-5)


def test_azimuths_are_wrapped_into_one_turn() -> None:
    scaling = Standardisation(("met", "met_phi"), (0.0, 0.0), (1.0, 1.0))
    inputs = np.array([[1.0, 3.5], [2.0, -3.5], [0.0, 0.5]], np.float32)
    expected = [[10, 3.5 - 2 * np.pi], [100, 2 * np.pi - 3.5], [1, 0.5]]
    np.testing.assert_allclose(scaling.inverse(inputs), expected, rtol=1e-5)


def test_constant_features_do_not_divide_by_zero() -> None:
    scaling = Standardisation.fit(("eta",), [np.ones((5, 1), np.float32)])
    assert scaling.scale == (1.0,)


def test_no_rows_is_an_error() -> None:
    with pytest.raises(ValueError, match="no rows"):
        Standardisation.fit(FEATURES, [])
