import json
from pathlib import Path

from click.testing import CliRunner

from events.files import write_events
from tests.support.pages import assert_self_contained
from tests.support.synthetic import synthetic_events
from training.evaluation.describe.command import describe


def test_the_command_writes_page_and_json(tmp_path: Path) -> None:
    events = synthetic_events(300, 1)
    only_jets = events.take(events.masks()[:, 1:].sum(axis=1) == 0)
    write_events(tmp_path / "sample.csv", [only_jets])
    options = ["--html", str(tmp_path / "s.html"), "--json", str(tmp_path / "s.json"), "--quiet"]
    result = CliRunner().invoke(describe, [str(tmp_path / "sample.csv"), *options])
    assert result.exit_code == 0, result.output
    assert f"{len(only_jets)} events of process ttbar" in result.output
    assert json.loads((tmp_path / "s.json").read_text())["events"] == len(only_jets)
    assert_self_contained((tmp_path / "s.html").read_text())


def test_a_damaged_file_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("not an event\n")
    result = CliRunner().invoke(describe, [str(tmp_path / "bad.csv"), "--quiet"])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    assert "bad.csv" in result.output
