"""Cases whose answers are known."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from events.batch import EventBatch
from tests.support.decays import correlated_events, shuffled_objects
from training.evaluation.judge import Settings, judge
from training.evaluation.judgement import Judgement, SampleProvenance
from training.evaluation.sources import Sample, with_file_digits
from training.evaluation.truth import Truth

N: Final = 1000
SETTINGS: Final = Settings(N, 1, "test", 0.4, quick=True)


def sample(events: EventBatch, name: str = "made up") -> Sample:
    rounded = with_file_digits(events)
    return Sample(rounded, SampleProvenance("file", name, len(events), None, name))


TRUTH: Final = Truth(
    held_out=sample(correlated_events(N, 1), "held out"),
    reference=sample(correlated_events(N, 2), "reference"),
    training=with_file_digits(correlated_events(2 * N, 3)),
)


def judged(events: EventBatch, cache: Path | None = None, truth: Truth = TRUTH) -> Judgement:
    return judge(sample(events), truth, SETTINGS, cache=cache, progress=False)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The floor is the same for all samples here."""
    return tmp_path_factory.mktemp("floors")


def test_truth_is_indistinguishable_from_truth(cache: Path) -> None:
    found = judged(correlated_events(N, 4), cache)
    verdicts = [one.verdict for group in found.figures.values() for one in group if one.verdict]
    assert verdicts.count("indistinguishable") >= len(verdicts) - 3
    for name in ("AUC_trees", "AUC_mlp"):
        assert found.figure(name).value == pytest.approx(0.5, abs=4 * found.figure(name).error)


def test_an_ideal_experiment_2_is_told_from_truth(cache: Path) -> None:
    found = judged(shuffled_objects(correlated_events(N, 4), 5), cache)
    assert found.figure("AUC_trees").value > 0.9
    assert found.figure("AUC_mlp").value > 0.8
    assert found.figure("p_n_jet").value > 1e-3
    telling = {one.name for one in found.classifiers[0].importances[:3]}
    assert "imbalance" in telling
    assert found.figure("FPD").verdict == found.figure("SWD").verdict == "far"


def test_a_replay_of_training_events_is_caught(cache: Path) -> None:
    assert TRUTH.training is not None
    found = judged(TRUTH.training.slice(0, N), cache)
    assert found.figure("NN_ratio").value < 0.1
    assert found.figure("NN_copies").verdict == "far"
    assert found.figure("AUC_trees").verdict == "indistinguishable"


def test_a_wrong_feature_and_energies_below_momenta_are_told(cache: Path) -> None:
    events = correlated_events(N, 4)
    heavy = replace(events, met=events.met * np.float32(1.5), E=events.E * np.float32(0.99))
    found = judged(heavy, cache)
    assert found.figure("E_below_p").verdict == "far"
    verdicts = {one.name: one.WD.verdict for one in found.features}
    assert (verdicts["met.met"], verdicts["jet_1.phi"]) == ("far", "indistinguishable")
    assert next(one for one in found.shifts if one.name == "met").sigmas > 0.3


def test_the_same_input_gives_the_same_bytes(cache: Path, tmp_path: Path) -> None:
    first, again = (judged(correlated_events(N, 4), folder) for folder in (cache, tmp_path))
    assert replace(first, timing=None).to_json() == replace(again, timing=None).to_json()
    assert first.timing is not None
    assert again.timing is not None
    assert again.timing.steps["neighbours"] > 0


def test_without_other_truth_there_is_no_floor() -> None:
    alone = replace(TRUTH, reference=None, training=None)
    found = judged(correlated_events(N // 2, 4), truth=alone)
    assert found.reference is None
    assert all(one.floor is None for group in found.figures.values() for one in group)
    assert found.sample.events == N // 2
