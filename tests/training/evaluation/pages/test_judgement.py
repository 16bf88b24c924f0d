from dataclasses import replace

import pytest

from tests.support.pages import assert_self_contained, text_of
from tests.training.evaluation.test_judgement import WD, judgement
from training.evaluation.judgement import Judgement
from training.evaluation.pages.judgement import judgement_page, tally
from training.evaluation.thesis import thesis_rows

NEAR = replace(WD, name="JS", label="Jensen-Shannon distance", value=0.0011)
FAIR = replace(WD, name="KL", label="Kullback-Leibler divergence", value=0.0014)
ALONE = replace(WD, name="IER", label="Invalid events", value=0.0459, error=0.0006, floor=None)
JUDGEMENT = replace(judgement(), figures={"Thesis": (WD, NEAR, FAIR), "Validity": (ALONE,)})


@pytest.fixture(scope="module")
def page() -> str:
    return judgement_page(JUDGEMENT)


def test_the_page_needs_nothing_else(page: str) -> None:
    assert_self_contained(page)


def test_every_figure_is_told_with_error_floor_and_verdict(page: str) -> None:
    text = text_of(page)
    assert "Wasserstein distance 0.00300 ± 0.00010 0.00100 ± 0.00010 0 ✗ far" in text
    assert "Jensen-Shannon distance 0.00110 ± 0.00010 0.00100 ± 0.00010 0 ✓ at the floor" in text
    assert "Kullback-Leibler divergence 0.00140 ± 0.00010 0.00100 ± 0.00010 0 ≈ close" in text
    assert "Invalid events 0.04590 ± 0.00060 0" in text
    assert tally(JUDGEMENT) == {"indistinguishable": 1, "close": 1, "far": 1}


def test_everything_drawn_is_described(page: str) -> None:
    for one in JUDGEMENT.histograms:
        assert f'alt="Histogram of {one.name}, truth and sample"' in page
    for classifier in JUDGEMENT.classifiers:
        assert f'alt="Histogram of the weights of {classifier.label}"' in page
        assert f'alt="The most telling observables for {classifier.label}"' in page
    for text in ("Correlations of truth", "Correlations of the sample", "Sample minus truth", "ROC curves"):
        assert f'alt="{text}"' in page


def test_the_thesis_stands_beside_the_sample(page: str) -> None:
    text = text_of(page)
    assert "ttbar/exp2 0.003000 0.001100 0.001400 4.59 %" in text
    for row in thesis_rows():
        assert f"Thesis, {row.label}, {row.process}" in text
        assert f"{row.WD:.6f} {row.JS:.6f} {row.KL:.6f} {100 * row.IER:.2f} %" in text


def test_provenance_settings_and_versions_are_told(page: str) -> None:
    text = text_of(page)
    assert "Sample model ttbar/exp2 10 3 00 process: ttbar" in text
    assert "seed = 1, quick = True, jet_radius = 0.4" in text
    assert "numpy 2" in text


def test_the_page_depends_on_the_json_alone(page: str) -> None:
    assert judgement_page(Judgement.from_json(JUDGEMENT.to_json())) == page


def test_a_judgement_without_classifiers_or_timing_has_a_page() -> None:
    bare = replace(JUDGEMENT, classifiers=(), timing=None, histograms=(), figures={}, features=(), shifts=())
    assert "Classifiers" not in text_of(judgement_page(bare))
