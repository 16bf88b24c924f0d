import numpy as np
import pytest

from tests.support.synthetic import synthetic_events
from training.evaluation.histograms import bin_edges, histogram, histograms
from training.evaluation.observables import Observable, observables

TRUTH, SAMPLE = (observables(synthetic_events(1000, seed)) for seed in (1, 2))


def test_every_value_is_counted_once() -> None:
    found = list(histograms(TRUTH, SAMPLE))
    assert len(found) > 50
    for one in found:
        assert len(one.truth) == len(one.sample) == len(one.edges) + 1
        assert sum(one.truth) == np.isfinite(TRUTH[one.name].values).sum()
        assert sum(one.sample) == np.isfinite(SAMPLE[one.name].values).sum()


def test_counts_are_those_of_numpy_with_the_tails_apart() -> None:
    one = Observable("x", "x", "", np.array([-1.0, 0, 0.5, 1, 2, 5, np.nan]))
    found = histogram(one, np.array([0.0, 1, 2]), np.array([1.5]))
    assert found.truth == (1, 2, 1, 2)
    assert found.sample == (0, 0, 1, 0)


def test_whole_numbers_have_a_bin_each() -> None:
    one = TRUTH["n_jet"]
    edges = bin_edges(one, one.values)
    assert np.diff(edges).tolist() == [1] * len(np.diff(edges))
    assert edges[0] == one.values.min() - 0.5


def test_bins_are_even_in_the_logarithm_where_scaled_so() -> None:
    met = TRUTH["met"]
    ratios = np.diff(np.log(bin_edges(met, met.values)))
    assert ratios == pytest.approx(np.full(len(ratios), ratios.mean()), rel=1e-2)
    assert next(one for one in histograms(TRUTH, SAMPLE) if one.name == "met").log_x


@pytest.mark.parametrize("scale", ["linear", "log", "count"])
def test_a_constant_has_bins_too(scale: str) -> None:
    one = Observable("x", "x", "", np.full(5, 3.0), scale)  # type: ignore[arg-type]
    assert (np.diff(bin_edges(one, one.values)) > 0).all()
