import re
from pathlib import Path

from click.testing import CliRunner

from events.files import read_events
from training.simulate.command import simulate


def test_an_unknown_process_lists_the_known_ones(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        simulate, ["--process", "x", "--events", "1", "--out", str(tmp_path / "a.csv")]
    )
    assert result.exit_code == 1
    assert "unknown process 'x'; known are gam_jets," in result.output


def test_list_describes_every_process() -> None:
    result = CliRunner().invoke(simulate, ["--list"])
    assert result.exit_code == 0
    assert "stop_02    Top-squark pairs" in result.output


def test_parquet_is_written_by_its_ending(tmp_path: Path) -> None:
    out = tmp_path / "z.parquet"
    result = CliRunner().invoke(
        simulate, ["--process", "ttbar", "--events", "15", "--out", str(out), "--workers", "1", "--quiet"]
    )
    assert result.exit_code == 0, result.output
    assert sum(map(len, read_events(out))) == 15
    assert re.search(r"^15 of 1[5-9] events pass the selection", result.output)
