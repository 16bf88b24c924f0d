from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.training.evaluation.test_judgement import judgement
from training.evaluation.pages.command import draw
from training.evaluation.pages.overlay import draw_overlay

JUDGEMENT = judgement()
OTHER = replace(JUDGEMENT, sample=replace(JUDGEMENT.sample, name="other", events=20))


def test_the_same_judgements_give_the_same_figure(tmp_path: Path) -> None:
    paths = [tmp_path / "first.svg", tmp_path / "second.svg"]
    for path in paths:
        draw_overlay({"one": JUDGEMENT, "other": OTHER}, ["met"], path)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_what_cannot_be_compared_is_an_error(tmp_path: Path) -> None:
    elsewhere = replace(JUDGEMENT, truth=replace(JUDGEMENT.truth, digest="01"))
    with pytest.raises(ValueError, match="not against the same truth"):
        draw_overlay({"one": JUDGEMENT, "other": elsewhere}, ["met"], tmp_path / "figure.png")
    with pytest.raises(ValueError, match="no histogram mass; there are: met"):
        draw_overlay({"one": JUDGEMENT}, ["met", "mass"], tmp_path / "figure.png")


def test_the_command_draws_reports(tmp_path: Path) -> None:
    (tmp_path / "one.json").write_text(JUDGEMENT.to_json())
    out = tmp_path / "figure.png"
    result = CliRunner().invoke(draw, [f"one={tmp_path / 'one.json'}", "--panel", "met", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("report", "message"), [("one.json", "write LABEL=REPORT.json"), ("one=none.json", "No such file")]
)
def test_a_report_that_is_not_there_is_an_error(tmp_path: Path, report: str, message: str) -> None:
    result = CliRunner().invoke(draw, [report, "--panel", "met", "--out", str(tmp_path / "figure.png")])
    assert result.exit_code != 0
    assert message in result.output
    assert not (tmp_path / "figure.png").exists()
