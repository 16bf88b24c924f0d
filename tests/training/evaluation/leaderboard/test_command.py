from pathlib import Path

from click.testing import CliRunner

from events.files import write_events
from models.shelf import Shelf
from tests.support.judging import FakeJudge
from tests.support.synthetic import synthetic_events
from tests.support.tiny_model import build_artefact
from training.evaluation.evaluate import Task
from training.evaluation.leaderboard.command import leaderboard
from training.evaluation.leaderboard.run import judge_shelf


def test_the_command_goes_on_with_what_was_judged_by_the_same_options(tmp_path: Path) -> None:
    shelf, truth = tmp_path / "shelf", tmp_path / "truth.csv"
    build_artefact(shelf, "ttbar", "tiny")
    write_events(truth, [synthetic_events(5, 1)])
    task = Task((truth,), events=700, seed=3, quick=True)
    judge_shelf(Shelf.open(shelf), {"ttbar": task}, judge=FakeJudge({"ttbar/tiny": 0.6}))
    options = ["--truth", f"ttbar={truth}", "--shelf", str(shelf), "--events", "700", "--seed", "3"]
    result = CliRunner().invoke(leaderboard, [*options, "--quick", "--quiet"])
    assert result.exit_code == 0, result.output
    assert "ttbar/tiny: judged before" in result.output
    assert "[tiny](ttbar/tiny/card.md) | 0.6000" in (shelf / "LEADERBOARD.md").read_text()


def test_a_truth_without_a_process_is_an_error() -> None:
    result = CliRunner().invoke(leaderboard, ["--truth", "ttbar.csv"])
    assert result.exit_code == 2
    assert "write PROCESS=FILE" in result.output
