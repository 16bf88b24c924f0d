from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from events.batch import EventBatch
from events.files import write_events
from events.selection import valid_events
from models.manifest import CARD_FILE
from models.shelf import Artefact
from service.sampler import Sampler
from tests.support.synthetic import synthetic_events
from tests.support.tiny_model import build_artefact
from training.data.split import SplitFractions
from training.evaluation.distances import distances
from training.evaluation.report import Evaluation, evaluate, publish, table

FRACTIONS = SplitFractions(0.5, 0.1)
N = 400


@pytest.fixture(scope="module")
def artefact(tmp_path_factory: pytest.TempPathFactory) -> Artefact:
    return Artefact.open(build_artefact(tmp_path_factory.mktemp("shelf")))


@pytest.fixture(scope="module")
def result(artefact: Artefact, tmp_path_factory: pytest.TempPathFactory) -> Evaluation:
    path = tmp_path_factory.mktemp("truth") / "truth.csv"
    write_events(path, [synthetic_events(2000, seed=9)])
    return evaluate(Sampler.open(artefact), [path], FRACTIONS, events=N, seed=5)


def shifted(batch: EventBatch, factor: float) -> EventBatch:
    return replace(batch, met=(batch.met * factor).astype(np.float32))


def test_truth_is_closer_to_truth_than_random_weights_are(result: Evaluation) -> None:
    assert result.floor.WD < result.sample.WD
    assert result.floor.JS < result.sample.JS
    assert result.floor.KL < result.sample.KL


def test_distances_grow_with_a_shift() -> None:
    truth, other = synthetic_events(5000, seed=1), synthetic_events(5000, seed=2)
    found = [distances(truth, shifted(other, factor)).WD for factor in (1.0, 1.5, 3.0)]
    assert found == sorted(found)
    assert found[0] < 0.01


def test_the_invalid_event_rate_is_that_of_the_raw_output(result: Evaluation, artefact: Artefact) -> None:
    raw = Sampler.open(artefact).sample(N, 5, validity="all")
    assert result.invalid_event_rate == np.mean(~valid_events(raw)) > 0


def test_too_few_events_are_refused_with_their_number(artefact: Artefact, tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    write_events(path, [synthetic_events(100, seed=9)])
    with pytest.raises(ValueError, match="lower --events"):
        evaluate(Sampler.open(artefact), [path], FRACTIONS, events=90, seed=5)


def test_published_figures_change_no_event(result: Evaluation, artefact: Artefact) -> None:
    publish(result, artefact)
    again = Artefact.open(artefact.folder)
    assert again.manifest.figures["WD"] == result.sample.WD
    assert again.manifest.digest == result.digest
    assert f"{result.sample.WD:.6g}" in (artefact.folder / CARD_FILE).read_text()


def test_the_table_shows_model_and_floor(result: Evaluation) -> None:
    text = table(result)
    assert f"{result.sample.JS:.6f} {result.floor.JS:10.6f}" in text
    assert "IER" in text
