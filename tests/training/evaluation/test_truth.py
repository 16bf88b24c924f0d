from pathlib import Path

import numpy as np
import pytest

from events.digest import file_sha256
from events.files import write_events
from tests.support.synthetic import synthetic_events
from training.data.split import Split, SplitFractions
from training.evaluation.sources import with_file_digits
from training.evaluation.truth import Learnt, TruthSplit, read_truth

FRACTIONS = SplitFractions(0.5, 0.1)
LEARNT = Learnt(FRACTIONS)
EVENTS = with_file_digits(synthetic_events(2000, seed=9))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("truth") / "truth.csv"
    write_events(path, [EVENTS])
    return path


def ids(split: Split, fractions: SplitFractions) -> list[int]:
    return np.flatnonzero(fractions.contains(split, np.arange(2000))).tolist()


def test_a_model_is_held_against_what_it_never_saw(path: Path) -> None:
    found = read_truth([path], TruthSplit.TEST, LEARNT, 300)
    assert found.reference is not None
    assert found.training is not None
    assert found.held_out.events.event_id.tolist() == ids(Split.TEST, FRACTIONS)[:300]
    assert found.training.event_id.tolist() == ids(Split.TRAIN, FRACTIONS)
    assert found.reference.events.event_id.tolist() == ids(Split.TRAIN, FRACTIONS)[:300]


def test_halves_are_disjoint_and_of_any_file(path: Path) -> None:
    found = read_truth([path], TruthSplit.HALVES, LEARNT, 5000)
    assert found.reference is not None
    both = np.concatenate([found.held_out.events.event_id, found.reference.events.event_id])
    assert sorted(both.tolist()) == list(range(2000))
    assert found.training is None


def test_all_events_leave_no_floor(path: Path) -> None:
    found = read_truth([path, path], TruthSplit.ALL, LEARNT, 3000)
    assert len(found.held_out.events) == 3000
    assert found.reference is None


def test_the_provenance_tells_file_and_part(path: Path) -> None:
    found = read_truth([path], TruthSplit.TEST, LEARNT, 300)
    assert found.held_out.provenance.name == "truth.csv"
    assert found.held_out.provenance.details["part"] == "test split"
    assert found.reference is not None
    assert "0.5" in found.reference.provenance.details["part"]
    assert found.held_out.provenance.digest == found.reference.provenance.digest


def test_columnar_truth_has_the_digits_of_a_file_too(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "truth.parquet"
    write_events(other, [synthetic_events(2000, seed=9)])
    first, second = (read_truth([one], TruthSplit.ALL, LEARNT, 500).held_out for one in (path, other))
    assert first.events.E.tobytes() == second.events.E.tobytes()


def test_too_few_events_are_refused_with_their_part(tmp_path: Path) -> None:
    path = tmp_path / "few.csv"
    write_events(path, [synthetic_events(200, seed=9)])
    with pytest.raises(ValueError, match=r"few\.csv: test split: .* at least 100 are needed"):
        read_truth([path], TruthSplit.TEST, LEARNT, 300)


def test_a_file_that_was_trained_on_as_a_whole_holds_nothing_to_judge_by(path: Path) -> None:
    learnt = Learnt(FRACTIONS, whole_files={file_sha256(path)})
    with pytest.raises(ValueError, match=r"truth\.csv: the model was trained on all events of it"):
        read_truth([path], TruthSplit.TEST, learnt, 300)
    assert len(read_truth([path], TruthSplit.ALL, learnt, 300).held_out.events) == 300


@pytest.mark.parametrize("split", TruthSplit)
def test_what_a_model_does_not_cover_is_left_out(path: Path, split: TruthSplit) -> None:
    found = read_truth([path], split, Learnt(FRACTIONS, {"j": 4, "b": 2}), 2000)
    masks = found.held_out.events.masks()
    assert 0 < len(masks) < 2000
    assert (masks <= [4, 2, 0, 0, 0, 0, 0]).all()
    assert "4 j, 2 b" in found.held_out.provenance.details["covers"]
