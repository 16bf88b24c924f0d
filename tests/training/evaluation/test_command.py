from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from events.files import write_events
from models.manifest import CARD_FILE
from models.shelf import Shelf
from tests.support.servers import served_by_process
from tests.support.synthetic import synthetic_events
from tests.support.tiny_model import build_artefact
from training.evaluation.command import evaluate
from training.evaluation.judgement import Judgement

QUICK = ("--events", "200", "--quick", "--quiet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf, and truth with enough events in each split."""
    folder = tmp_path_factory.mktemp("evaluate")
    build_artefact(folder / "shelf")
    write_events(folder / "truth.csv", [synthetic_events(1200, seed=9)])
    write_events(folder / "same.parquet", [synthetic_events(300, seed=10)])
    return folder


def run(folder: Path, sample: object, *options: object) -> Result:
    arguments = [sample, "--truth", folder / "truth.csv", "--shelf", folder / "shelf", *QUICK, *options]
    return CliRunner().invoke(evaluate, [str(one) for one in arguments])


def test_a_model_is_judged_and_its_figures_published(folder: Path) -> None:
    result = run(folder, "ttbar/exp2", "--write", "--json", folder / "report.json")
    assert result.exit_code == 0, result.output
    found = Judgement.from_json((folder / "report.json").read_bytes())
    artefact = Shelf.open(folder / "shelf").get("ttbar", "exp2")
    wd = found.figure("WD")
    assert artefact.manifest.figures["WD"] == wd.value
    assert artefact.manifest.figures["WD_floor"] == wd.floor
    assert 0 < artefact.manifest.figures["IER"] < 1
    assert artefact.manifest.digest == found.sample.digest
    assert f"{wd.value:.4g}" in (artefact.folder / CARD_FILE).read_text()
    assert "ms/event" in result.output
    assert found.figure("AUC_trees").value > 0.7


def test_a_running_service_is_judged_through_its_address(folder: Path) -> None:
    with served_by_process(folder / "shelf") as port:
        url = f"http://127.0.0.1:{port}/generate?process=ttbar"
        result = run(folder, url, "--json", folder / "service.json")
    assert result.exit_code == 0, result.output
    found = Judgement.from_json((folder / "service.json").read_bytes())
    assert (found.sample.kind, found.sample.name) == ("service", "ttbar/exp2")
    assert found.figure("IER").value > 0


def test_a_file_is_judged_with_halves_of_truth(folder: Path) -> None:
    result = run(folder, folder / "same.parquet", "--truth-split", "halves")
    assert result.exit_code == 0, result.output
    rows = {row.split("|")[1].strip(): row for row in result.output.splitlines() if row.startswith("|")}
    assert "indistinguishable" in rows["AUC_trees"]
    assert "IER" not in rows
    assert {"jet_1_pt", "met", "n_jet"} <= set(rows)


def test_an_unknown_model_is_an_error_without_a_traceback(folder: Path) -> None:
    result = run(folder, "ttbar/nonsense")
    assert result.exit_code == 1
    assert "nonsense" in result.output
    assert "Traceback" not in result.output


def test_only_a_model_has_a_manifest_to_write_to(folder: Path) -> None:
    result = run(folder, folder / "same.parquet", "--write")
    assert result.exit_code == 2
    assert "--write needs a model on a shelf" in result.output
