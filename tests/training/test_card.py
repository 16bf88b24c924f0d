from pathlib import Path

from models.shelf import Artefact
from tests.support.tiny_model import build_artefact
from tests.support.whole_model import build_whole_artefact
from training.card import write_card


def card(folder: Path, **changes: object) -> str:
    artefact = Artefact.open(folder)
    write_card(folder, artefact.manifest.model_copy(update=changes))
    return artefact.card()


def test_a_card_tells_what_each_graph_takes(tmp_path: Path) -> None:
    told = card(build_artefact(tmp_path))
    assert (
        "4 uniform numbers for `masks`; 4 normal numbers for `event`; 8 normal numbers for `j`, `b`" in told
    )
    whole = card(build_whole_artefact(tmp_path))
    assert "7 uniform and 23 normal numbers for `events`" in whole


def test_a_card_tells_figures_with_errors_and_floors(tmp_path: Path) -> None:
    folder = build_artefact(tmp_path)
    assert "Not evaluated yet" in card(folder)
    told = card(folder, figures={"events": 100_000, "WD": 0.0123456, "WD_floor": 0.001, "WD_error": 2e-4})
    assert "| events | 100,000 |  |  |" in told
    assert "| WD | 0.01235 | 0.0002 | 0.001 |" in told


def test_a_card_tells_the_thesis_figures_of_its_model(tmp_path: Path) -> None:
    folder = build_artefact(tmp_path)
    figures = {"events": 100_000, "WD": 0.0123456, "AUC_trees": 0.9}
    told = card(folder, process="ttbar", model="exp1", figures=figures)
    assert "| figure | value | error | floor | thesis, Exp I |" in told
    assert "| WD | 0.01235 |  |  | 0.000973 |" in told
    assert "| AUC_trees | 0.9 |  |  |  |" in told
    assert "thesis" not in card(folder, process="ttbar", model="nsf", figures=figures)


def test_a_card_ends_with_the_model_s_notes(tmp_path: Path) -> None:
    told = card(build_artefact(tmp_path), notes=("Mind the gap.", "And the step."))
    assert told.endswith("- Mind the gap.\n- And the step.\n")
