import numpy as np
import pytest

from events.batch import Ints
from training.evaluation.classifiers import KINDS, Kind, area_with_error, two_sample_test
from training.evaluation.judgement import Histogram
from training.evaluation.matrix import Matrix
from training.evaluation.observables import Observable

TREES, _ = KINDS


def normals(mean: float, n: int, seed: int) -> dict[str, Observable]:
    """Three standard Gaussians, of which `x` is shifted; one event in five lacks `z`."""
    values = np.random.default_rng(seed).standard_normal((3, n))
    values[0] += mean
    values[2, ::5] = np.nan
    return {name: Observable(name, name, "", column) for name, column in zip("xyz", values, strict=True)}


def area_slowly(scores: Matrix, y: Ints) -> float:
    pairs = [(a > b) + (a == b) / 2 for a in scores[y == 1] for b in scores[y == 0]]
    return float(np.mean(pairs))


def mean_weight(counts: tuple[int, ...], weights: Histogram) -> float:
    centres = np.sqrt(np.array(weights.edges[1:]) * np.array(weights.edges[:-1]))
    return float(np.average(centres, weights=counts[1:-1]))


def test_the_area_is_that_of_the_slow_twin() -> None:
    rng = np.random.default_rng(1)
    scores, y = rng.integers(0, 20, 150).astype(float), rng.integers(0, 2, 150)
    assert area_with_error(scores, y)[0] == pytest.approx(area_slowly(scores, y))


def test_the_error_of_the_area_is_its_spread() -> None:
    rng = np.random.default_rng(1)
    y = np.repeat([1, 0], [450, 300])
    found = np.array([area_with_error(rng.standard_normal(750) + 0.8 * y, y) for _ in range(400)])
    assert found[:, 1].mean() == pytest.approx(found[:, 0].std(), rel=0.12)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_distribution_cannot_be_told_apart(kind: Kind) -> None:
    figure, _ = two_sample_test(
        kind, normals(0, 2000, 1), normals(0, 3000, 2), 1, few_events=0, explain=False
    )
    assert figure.value == pytest.approx(0.5, abs=4 * figure.error)
    assert figure.error < 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_shifted_gaussians_are_told_apart_as_well_as_can_be(kind: Kind) -> None:
    """The best area for two Gaussians d standard deviations apart is Phi(d / sqrt 2), 0.760 at d = 1."""
    figure, _ = two_sample_test(
        kind, normals(0, 5000, 1), normals(1, 5000, 2), 1, few_events=0, explain=False
    )
    assert figure.value == pytest.approx(0.760, abs=0.03)


def test_a_classifier_tells_what_it_tells_by() -> None:
    _, found = two_sample_test(TREES, normals(0, 2000, 1), normals(1, 2000, 2), 1, few_events=0, explain=True)
    assert found.importances[0].name == "x"
    assert found.importances[0].drop > 0.15
    assert all(abs(one.drop) < 0.05 for one in found.importances[1:])


def test_weights_are_ratios_of_densities() -> None:
    """So their mean over the sample is 1, and over truth exp(d^2) for Gaussians d apart."""
    _, found = two_sample_test(
        TREES, normals(0, 12_000, 1), normals(0.7, 12_000, 2), 1, few_events=0, explain=False
    )
    assert mean_weight(found.weights.sample, found.weights) == pytest.approx(1, abs=0.1)
    assert mean_weight(found.weights.truth, found.weights) == pytest.approx(np.exp(0.49), rel=0.15)


def test_every_event_of_a_small_sample_is_tested_on() -> None:
    _, found = two_sample_test(
        TREES, normals(0, 500, 1), normals(1, 700, 2), 1, few_events=501, explain=False
    )
    assert (sum(found.weights.truth), sum(found.weights.sample)) == (500, 700)


def test_the_curve_rises_from_0_to_1_above_the_diagonal() -> None:
    _, found = two_sample_test(
        TREES, normals(0, 2000, 1), normals(1, 2000, 2), 1, few_events=0, explain=False
    )
    fpr, tpr = np.array(found.roc.fpr), np.array(found.roc.tpr)
    assert (fpr[0], fpr[-1], tpr[-1]) == (0, 1, 1)
    assert (np.diff(tpr) >= 0).all()
    assert np.trapezoid(tpr, fpr) == pytest.approx(0.760, abs=0.03)


def test_observables_that_no_event_has_are_left_out() -> None:
    none = {"none": Observable("none", "none", "", np.full(500, np.nan))}
    truth, sample = normals(0, 500, 1) | none, normals(1, 500, 2) | none
    figure, _ = two_sample_test(TREES, truth, sample, 1, few_events=0, explain=False)
    assert figure.value > 0.6
