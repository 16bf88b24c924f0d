import numpy as np
import pytest
from scipy.stats import kstest

from training.evaluation.describe.shapes import fitted_shape

EDGES = np.linspace(-2, 5, 3501)


def counted(values: np.ndarray) -> np.ndarray:
    return np.histogram(values, [-np.inf, *EDGES, np.inf])[0]


def test_the_distance_is_that_of_kolmogorov_and_smirnov() -> None:
    values = np.random.default_rng(1).gamma(9, 0.2, 5000)
    mean, spread = float(values.mean()), float(values.std())
    shape = fitted_shape("log-normal", EDGES, counted(values), mean, spread)
    assert shape.distance == pytest.approx(kstest(values, "norm", (mean, spread)).statistic, abs=0.002)
    assert not shape.fits


def test_a_sample_of_the_shape_fits_it() -> None:
    values = np.random.default_rng(2).normal(1.7, 0.3, 5000)
    assert fitted_shape("log-normal", EDGES, counted(values), 1.7, 0.3).fits
    assert not fitted_shape("log-normal", EDGES, counted(values), 1.72, 0.3).fits


def test_the_uniform_shape_is_that_of_a_full_turn() -> None:
    edges = np.linspace(-np.pi, np.pi, 61)
    phi = np.random.default_rng(3).uniform(-np.pi, np.pi, 5000)
    for values, fits in ((phi, True), (phi / 2, False)):
        counts = np.histogram(values, [-np.inf, *edges, np.inf])[0]
        assert fitted_shape("uniform", edges, counts, 0.0, 1.8).fits is fits
