from dataclasses import replace

import pytest
from pydantic import ValidationError

from training.evaluation.judgement import (
    Classifier,
    Correlation,
    FeatureDistances,
    Figure,
    Histogram,
    Importance,
    Judgement,
    Roc,
    SampleProvenance,
    Shift,
    Timing,
)

WD = Figure("WD", "Wasserstein distance", 0.003, 0.0001, 0.001, 0.0001, 0.0)
BINS = Histogram("met", "$E_T^{miss}$", "GeV", (0.0, 1.0, 2.0), (0, 3, 4, 1), (1, 2, 3, 0))


def judgement() -> Judgement:
    """A small judgement with everything in it."""
    provenance = SampleProvenance("file", "a.csv", 10, None, "00", {"process": "ttbar"})
    return Judgement(
        sample=replace(provenance, kind="model", name="ttbar/exp2", seed=3),
        truth=provenance,
        reference=provenance,
        settings={"seed": 1, "quick": True, "jet_radius": 0.4},
        figures={"Thesis": (WD,)},
        features=(FeatureDistances("met", 10, WD, WD, WD),),
        shifts=(Shift("met", "MET [GeV]", 50.0, 51.0, 0.02, 0.01),),
        histograms=(BINS,),
        correlation=Correlation(("met",), ((1.0,),), ((None,),)),
        classifiers=(
            Classifier("trees", "Trees", Roc((0, 1), (0, 1)), (Importance("met", "MET", 0.1, 0.01),), BINS),
        ),
        versions={"numpy": "2"},
        timing=Timing("a machine", {"distances": 1.5}),
    )


def test_a_judgement_is_the_same_after_json() -> None:
    again = Judgement.from_json(judgement().to_json())
    assert again == judgement()
    assert again.timing == judgement().timing
    assert again.to_json() == judgement().to_json()


def test_timing_takes_no_part_in_comparisons() -> None:
    assert replace(judgement(), timing=None) == judgement()
    assert replace(judgement(), shifts=()) != judgement()


def test_what_is_not_a_judgement_is_refused() -> None:
    with pytest.raises(ValidationError, match="figures"):
        Judgement.from_json(judgement().to_json().replace('"figures"', '"numbers"'))


def test_figures_are_found_by_name() -> None:
    assert judgement().figure("WD") is WD
    with pytest.raises(KeyError, match="AUC"):
        judgement().figure("AUC")


@pytest.mark.parametrize(
    ("value", "error", "ideal", "verdict"),
    [
        (0.52, 0.001, 0.5, "indistinguishable"),  # at the floor
        (0.49, 0.001, 0.5, "indistinguishable"),  # nearer to the ideal
        (0.53, 0.005, 0.5, "indistinguishable"),  # within two errors
        (0.53, 0.001, 0.5, "close"),
        (0.531, 0.001, 0.5, "far"),
        (0.469, 0.001, 0.5, "far"),  # beyond on the other side
        (0.53, 0.001, None, None),
    ],
)
def test_the_floor_decides_the_verdict(
    value: float, error: float, ideal: float | None, verdict: str | None
) -> None:
    assert Figure("AUC", "AUC", value, error, 0.52, 0.001, ideal).verdict == verdict


def test_without_a_floor_there_is_no_verdict() -> None:
    assert Figure("rate", "Rate", 1.0, 0.1, ideal=0.0).verdict is None
