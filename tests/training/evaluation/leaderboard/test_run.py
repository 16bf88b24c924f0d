from dataclasses import replace
from pathlib import Path

import pytest

from events.files import write_events
from models.shelf import Artefact, Shelf
from tests.support.judging import FakeJudge
from tests.support.synthetic import synthetic_events
from tests.support.tiny_model import build_artefact
from training.evaluation.evaluate import Task
from training.evaluation.judgement import Judgement
from training.evaluation.leaderboard.run import judge_shelf, stored_judgement, write_leaderboard

AREAS = {"ttbar/far": 0.97, "ttbar/near": 0.55, "stop_02/only": 0.7}


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    for one in AREAS:
        process, model = one.split("/")
        build_artefact(tmp_path / "shelf", process, model)
    return tmp_path / "shelf"


@pytest.fixture
def tasks(tmp_path: Path) -> dict[str, Task]:
    write_events(tmp_path / "truth.csv", [synthetic_events(5, 1)])
    task = Task((tmp_path / "truth.csv",), events=1000)
    return {"ttbar": task, "stop_02": task}


def test_the_nearest_to_truth_comes_first(shelf: Path, tasks: dict[str, Task]) -> None:
    board = judge_shelf(Shelf.open(shelf), tasks, judge=FakeJudge(AREAS))
    assert [(one.process, one.model) for one in board.entries] == [
        ("stop_02", "only"),
        ("ttbar", "near"),
        ("ttbar", "far"),
    ]


def test_an_interrupted_run_goes_on(shelf: Path, tasks: dict[str, Task]) -> None:
    first = FakeJudge({"stop_02/only": 0.7, "ttbar/far": 0.97})
    with pytest.raises(KeyError):
        judge_shelf(Shelf.open(shelf), tasks, judge=first)
    second = FakeJudge(AREAS)
    assert len(judge_shelf(Shelf.open(shelf), tasks, judge=second).entries) == 3
    assert second.judged == ["ttbar/near"]


def test_a_report_of_anything_else_is_not_taken(shelf: Path, tasks: dict[str, Task]) -> None:
    task = tasks["ttbar"]
    judge_shelf(Shelf.open(shelf), {"ttbar": task}, judge=FakeJudge(AREAS))
    artefact = Shelf.open(shelf).get("ttbar", "far")
    assert stored_judgement(artefact, task)
    assert stored_judgement(artefact, replace(task, seed=2)) is None
    assert stored_judgement(artefact, replace(task, events=2000)) is None
    report = (artefact.folder / "report.json").read_text()
    other = build_artefact(shelf.parent / "other", "ttbar", "far", seed=9)
    (other / "report.json").write_text(report)
    assert stored_judgement(Artefact.open(other), task) is None
    older = replace(Judgement.from_json(report), versions={"judge": "0"})
    (artefact.folder / "report.json").write_text(older.to_json())
    assert stored_judgement(artefact, task) is None
    (artefact.folder / "report.json").write_text(report)
    write_events(task.files[0], [synthetic_events(5, 2)])
    assert stored_judgement(artefact, task) is None


def test_only_those_asked_for_are_judged(shelf: Path, tasks: dict[str, Task]) -> None:
    judge_shelf(Shelf.open(shelf), tasks, only=["ttbar/far"], judge=FakeJudge(AREAS))
    told: list[str] = []
    again = FakeJudge(AREAS)
    board = judge_shelf(Shelf.open(shelf), tasks, only=["ttbar/near"], judge=again, announce=told.append)
    assert again.judged == ["ttbar/near"]
    assert [one.model for one in board.entries] == ["near", "far"]
    assert "stop_02/only: left out, as it is not judged yet" in told
    with pytest.raises(ValueError, match="no such models to judge: ttbar/none"):
        judge_shelf(Shelf.open(shelf), tasks, only=["ttbar/none"], judge=again)


def test_what_was_found_stands_beside_each_model(shelf: Path, tasks: dict[str, Task]) -> None:
    board = judge_shelf(Shelf.open(shelf), tasks, judge=FakeJudge(AREAS))
    artefact = Shelf.open(shelf).get("ttbar", "near")
    assert (
        Judgement.from_json((artefact.folder / "report.json").read_bytes()).figure("AUC_trees").value == 0.55
    )
    assert "ttbar/near against truth" in (artefact.folder / "report.html").read_text()
    assert artefact.manifest.figures["AUC_trees"] == 0.55
    assert "0.55" in artefact.card()
    entry = board.entries[1]
    assert entry.size == sum(path.stat().st_size for path in artefact.folder.glob("*.onnx"))
    assert entry.digest == artefact.manifest.digest


def test_a_page_is_drawn_when_it_is_missing_or_of_another_judgement(
    shelf: Path, tasks: dict[str, Task]
) -> None:
    only, page = ["ttbar/near"], shelf / "ttbar/near/report.html"

    def judged(pages: bool) -> None:
        judge_shelf(Shelf.open(shelf), tasks, only=only, judge=FakeJudge(AREAS), pages=pages)

    judged(pages=False)
    assert not page.exists()
    judged(pages=True)
    assert page.exists()
    page.write_text("kept")
    judged(pages=True)
    assert page.read_text() == "kept"
    (page.parent / "report.json").unlink()
    judged(pages=False)
    assert not page.exists()


def test_the_board_is_written_for_people_and_programs(shelf: Path, tasks: dict[str, Task]) -> None:
    write_leaderboard(judge_shelf(Shelf.open(shelf), tasks, judge=FakeJudge(AREAS)), shelf)
    text = (shelf / "LEADERBOARD.md").read_text()
    assert "| 1 | [near](ttbar/near/card.md) | 0.5500 ± 0.0020 |" in text
    assert "|  | *truth* | 0.5000 ± 0.0020 |" in text
    assert "| *thesis, Exp II* |" in text
    assert '"model": "near"' in (shelf / "leaderboard.json").read_text()
