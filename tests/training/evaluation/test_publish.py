from pathlib import Path

import pytest

from models.shelf import Artefact
from tests.support.tiny_model import build_artefact
from training.evaluation.judgement import (
    Correlation,
    Figure,
    Judgement,
    SampleProvenance,
)
from training.evaluation.publish import publish, published_figures

FIGURES = (
    Figure("WD", "Wasserstein distance", 0.003, 0.0001, 0.001, 0.0001, 0.0),
    Figure("p_n_jet", "p-value", 0.4, 0.0),
)


def judgement(digest: str) -> Judgement:
    """A judgement of two figures."""
    provenance = SampleProvenance("model", "ttbar/exp2", 10, 1, digest)
    return Judgement(
        sample=provenance,
        truth=provenance,
        reference=None,
        settings={},
        figures={"Thesis": FIGURES},
        features=(),
        shifts=(),
        histograms=(),
        correlation=Correlation((), (), ()),
        classifiers=(),
        versions={},
    )


def test_figures_with_a_floor_are_published_with_error_and_floor() -> None:
    assert published_figures(judgement("0")) == {
        "events": 10,
        "WD": 0.003,
        "WD_error": 0.0001,
        "WD_floor": 0.001,
    }


def test_publishing_changes_no_event(tmp_path: Path) -> None:
    artefact = Artefact.open(build_artefact(tmp_path))
    publish(judgement(artefact.manifest.digest), artefact)
    again = Artefact.open(artefact.folder)
    assert again.manifest.figures["WD"] == 0.003
    assert again.manifest.digest == artefact.manifest.digest
    assert "| WD | 0.003 | 0.0001 | 0.001 |" in again.card()


def test_figures_of_another_model_are_refused(tmp_path: Path) -> None:
    artefact = Artefact.open(build_artefact(tmp_path))
    with pytest.raises(ValueError, match="digest 00"):
        publish(judgement("00"), artefact)
    assert Artefact.open(artefact.folder).manifest.figures == {}
