import json
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from events.batch import concatenate
from events.files import read_events
from service.cli import main
from service.sampler import Sampler
from tests.support.servers import EVENTMILL
from tests.support.tiny_model import build_artefact


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("arguments", [["--help"], ["serve", "--help"], ["generate", "-h"]])
def test_help_is_instant(arguments: list[str]) -> None:
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert run(*EVENTMILL, *arguments).stdout.startswith("Usage:")
        seconds.append(time.perf_counter() - start)
    assert min(seconds) < 1


def test_a_damaged_model_stops_the_start_with_its_name(tmp_path: Path) -> None:
    folder = build_artefact(tmp_path)
    with (folder / "j.onnx").open("ab") as file:
        file.write(b"x")
    result = run(*EVENTMILL, "serve", "--port", "0", "--models", str(tmp_path))
    assert result.returncode == 1
    assert "j.onnx: damaged or replaced" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_empty_shelf_stops_the_start(tmp_path: Path) -> None:
    result = run(*EVENTMILL, "serve", "--port", "0", "--models", str(tmp_path))
    assert result.returncode == 1
    assert "there is no model to serve" in result.stderr


def test_cuda_without_a_gpu_stops_the_start(shelf_root: Path) -> None:
    result = run(*EVENTMILL, "serve", "--port", "0", "--device", "cuda", "--models", str(shelf_root))
    assert result.returncode == 1
    assert "set device=cpu" in result.stderr


def test_a_setting_out_of_range_is_told(shelf_root: Path) -> None:
    result = CliRunner().invoke(main, ["serve", "--max-events", "0", "--models", str(shelf_root)])
    assert result.exit_code == 2
    assert "max_events" in result.output


def test_settings_come_from_the_environment(shelf_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTMILL_MODELS", str(shelf_root))
    entries = json.loads(CliRunner().invoke(main, ["models"]).output)
    assert [entry["process"] for entry in entries] == ["stop_02", "ttbar", "ttbar"]


@pytest.mark.parametrize("name", ["ttbar.csv", "ttbar.csv.gz", "ttbar.parquet", "ttbar.arrows"])
def test_a_file_holds_the_events_of_the_sampler(
    name: str, tmp_path: Path, shelf_root: Path, sampler: Sampler
) -> None:
    out = tmp_path / name
    result = CliRunner().invoke(main, [
        "generate", "--process", "ttbar", "-n", "600", "--seed", "5", "--offset", "100", "--out", str(out),
        "--models", str(shelf_root),
    ])  # fmt: skip
    assert result.exit_code == 0, result.output
    written, expected = concatenate(list(read_events(out))), sampler.sample(600, seed=5, offset=100)
    assert written.event_id.tolist() == expected.event_id.tolist()
    assert written.type.tolist() == expected.type.tolist()
    np.testing.assert_allclose(written.pt, expected.pt, rtol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--process", "higgs"], "known: stop_02, ttbar"),
        (["--process", "ttbar", "--model", "exp9"], "known: exp2, other"),
        (["--process", "ttbar", "--offset", "-1"], "offset in"),
        (["--process", "ttbar", "--layout", "nanoaod"], "csv has no layout nanoaod"),
        (["--process", "ttbar", "--out", "events.root"], "events.root"),
    ],
)
def test_a_file_that_cannot_be_made_is_told(
    arguments: list[str], told: str, tmp_path: Path, shelf_root: Path
) -> None:
    options = ["-n", "10", "--out", str(tmp_path / "events.csv"), "--models", str(shelf_root)]
    result = CliRunner().invoke(main, ["generate", *options, *arguments])
    assert result.exit_code == 1
    assert told in result.output
    assert not list(tmp_path.iterdir())
