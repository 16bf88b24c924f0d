import shutil
from pathlib import Path

import pytest

from models.errors import ArtefactError, UnknownModelError
from models.manifest import verify_files
from models.shelf import Shelf
from tests.support.tiny_model import build_artefact


def test_the_shelf_finds_every_artefact(tmp_path: Path) -> None:
    for process, model in (("ttbar", "exp2"), ("ttbar", "flow"), ("stop_02", "exp2")):
        build_artefact(tmp_path, process, model)
    shelf = Shelf.open(tmp_path)
    assert shelf.processes == ("stop_02", "ttbar")
    assert shelf.models("ttbar") == ("exp2", "flow")
    assert [artefact.manifest.process for artefact in shelf] == ["stop_02", "ttbar", "ttbar"]
    assert shelf.get("ttbar", "flow").card() == "# ttbar/flow\n"


def test_an_empty_folder_is_an_empty_shelf(tmp_path: Path) -> None:
    assert Shelf.open(tmp_path).processes == ()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="nowhere: no such folder"):
        Shelf.open(tmp_path / "nowhere")


def test_an_unknown_process_lists_the_known_ones(folder: Path) -> None:
    shelf = Shelf.open(folder.parent.parent)
    with pytest.raises(UnknownModelError, match="no process 'higgs'; known: ttbar") as caught:
        shelf.get("higgs", "exp2")
    assert caught.value.known == ("ttbar",)


def test_an_unknown_model_lists_the_known_ones(folder: Path) -> None:
    with pytest.raises(UnknownModelError, match="no model 'exp9'; known: exp2"):
        Shelf.open(folder.parent.parent).get("ttbar", "exp9")


def test_a_damaged_artefact_stops_the_shelf(folder: Path) -> None:
    (folder / "met.onnx").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"met\.onnx"):
        Shelf.open(folder.parent.parent)


def test_a_damaged_artefact_can_be_left_out(folder: Path) -> None:
    build_artefact(folder.parents[1], "stop_02")
    (folder / "j.onnx").write_bytes(b"")
    refused: dict[Path, str] = {}
    shelf = Shelf.open(folder.parents[1], lambda path, error: refused.update({path: str(error)}))
    assert shelf.processes == ("stop_02",)
    assert list(refused) == [folder]
    assert "j.onnx: damaged or replaced" in refused[folder]


def test_an_artefact_in_the_wrong_folder_is_refused(folder: Path) -> None:
    shutil.copytree(folder, folder.parent.parent / "stop_02" / "exp2")
    with pytest.raises(ArtefactError, match="describes ttbar/exp2"):
        Shelf.open(folder.parent.parent)


def test_a_missing_card_is_empty(folder: Path) -> None:
    (folder / "card.md").unlink()
    assert Shelf.open(folder.parent.parent).get("ttbar", "exp2").card() == ""


def test_the_shipped_artefacts_are_whole() -> None:
    for artefact in Shelf.open():
        verify_files(artefact.folder, artefact.manifest)
        assert artefact.card()
