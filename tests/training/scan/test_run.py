import csv
import json
from pathlib import Path
from typing import Any

import pytest

import training.scan.run as scan_run
from events.files import write_events
from tests.support.tiny_runs import finished_run, tiny_config, tiny_events
from training.run import Run
from training.scan.plan import ScanPlan
from training.scan.plot import draw_scan
from training.scan.run import run_scan

EVENTS = tiny_events(4000, seed=3)


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Trains in this process, and tells what was trained."""
    names: list[str] = []

    def train_here(*, config: dict[str, Any], folder: Path, **_: object) -> Run:
        names.append(folder.name)
        (tmp_path / folder.name).mkdir()
        return finished_run(tmp_path / folder.name, config, EVENTS)

    monkeypatch.setattr(scan_run, "train", train_here)
    return names


def test_a_scan_goes_on_where_it_was_stopped(tmp_path: Path, trained: list[str]) -> None:
    tiny = tiny_config("exp3")
    settings = {f"{table}.{key}": value for table in ("network", "fit") for key, value in tiny[table].items()}
    source = tmp_path / "events.csv"
    write_events(source, [EVENTS])
    told: list[dict[str, Any]] = []

    def scan(betas: list[float]) -> list[dict[str, Any]]:
        plan = ScanPlan("exp3", 150, {"variator.beta": betas}, settings)
        return run_scan(
            plan, process="ttbar", data=[source], folder=tmp_path / "scan", generator="made up", workers=1,
            report=told.append,
        )  # fmt: skip

    first = scan([0.5])
    both = scan([0.5, 1.5])
    assert trained == ["exp3-beta_0.5", "exp3-beta_1.5"]
    assert both[0] == first[0]
    assert told == both
    assert all(0 < row["WD"] < 1 and 0 <= row["IER"] <= 1 and row["WD_floor"] > 0 for row in both)
    assert json.loads((tmp_path / "scan/scan.json").read_text()) == both
    with (tmp_path / "scan/scan.csv").open() as file:
        assert [row["variator.beta"] for row in csv.DictReader(file)] == ["0.5", "1.5"]


@pytest.mark.parametrize("varied", [["beta"], ["beta", "components"]])
def test_a_scan_is_drawn(tmp_path: Path, varied: list[str]) -> None:
    rows = [
        {
            "beta": beta,
            "components": components,
            "WD": beta,
            "JS": 0.1,
            "KL": 0.2,
            "IER": 0.01,
            "WD_floor": 0.1,
        }
        for beta in (0.1, 1.0)
        for components in ((10, 50) if len(varied) > 1 else (10,))
    ]
    draw_scan(rows, varied, "a scan", tmp_path / "scan.png")
    assert (tmp_path / "scan.png").read_bytes().startswith(b"\x89PNG")
