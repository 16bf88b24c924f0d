import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from training.cli import main

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        [],
        *([name] for name in ("simulate", "train", "tune", "export", "refine", "evaluate", "scan", "latent")),
    ],
)
def test_every_command_has_help(command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_help_answers_within_a_second() -> None:
    command = [sys.executable, "-c", "from training.cli import main; main()", "--help"]
    seconds = []
    for _ in range(3):
        begin = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        seconds.append(time.perf_counter() - begin)
    assert min(seconds) < 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--process", "ttbar", "--data", "{data}", "--run", "{run}", "--config", "exp9"], "exp2"),
        (["train", "--process", "ttbar", "--data", "{data}", "--run", "{run}", "--quiet"], "line 1"),
        (["export", "{run}"], "eventmill-train train"),
        (["evaluate", "ttbar/exp9", "--truth", "{data}"], "exp9"),
    ],
)
def test_errors_name_their_cause_without_a_traceback(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    data = tmp_path / "data.csv"
    data.write_text("this is no event\n")
    filled = [argument.format(data=data, run=tmp_path / "run") for argument in arguments]
    result = CliRunner().invoke(main, filled)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
