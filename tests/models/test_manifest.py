import json
from pathlib import Path
from typing import Any

import pytest

from models.errors import ArtefactError
from models.manifest import (
    MANIFEST_FILE,
    WholeEventsManifest,
    read_manifest,
    verify_files,
    write_manifest,
)
from tests.support.whole_model import build_whole_artefact


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_a_written_manifest_reads_back(folder: Path) -> None:
    manifest = read_manifest(folder)
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest


@pytest.mark.parametrize("changes", [{"figures": {"WD": 0.1}}, {"description": "better told"}])
def test_the_digest_ignores_what_no_event_depends_on(folder: Path, changes: dict[str, Any]) -> None:
    manifest = read_manifest(folder)
    assert manifest.model_copy(update=changes).digest == manifest.digest


@pytest.mark.parametrize(
    "changes",
    [{"process": "other"}, {"model": "other"}, {"version": "2"}, {"block_events": 5}, {"max_objects": 9}],
)
def test_the_digest_names_what_events_depend_on(folder: Path, changes: dict[str, Any]) -> None:
    manifest = read_manifest(folder)
    assert manifest.model_copy(update=changes).digest != manifest.digest


def test_the_digest_does_not_depend_on_the_order_of_entries(folder: Path) -> None:
    digest = read_manifest(folder).digest
    described = json.loads((folder / MANIFEST_FILE).read_text())
    backwards = {key: described[key] for key in reversed(described)}
    backwards["files"] = dict(reversed(described["files"].items()))
    (folder / MANIFEST_FILE).write_text(json.dumps(backwards))
    assert read_manifest(folder).digest == digest


@pytest.mark.parametrize("name", ["../j.onnx", "/etc/j.onnx", "a/b.onnx", "a\\b.onnx", ".onnx", "j.pb"])
def test_a_file_name_that_leaves_the_folder_is_refused(folder: Path, name: str) -> None:
    files = json.loads((folder / MANIFEST_FILE).read_text())["files"]
    rewrite(folder, files=files | {name: "0" * 64})
    with pytest.raises(ArtefactError, match=MANIFEST_FILE):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"surprise": 1}, "surprise"),
        ({"schema_version": 2}, "schema_version"),
        ({"pipeline": "unheard-of"}, "pipeline"),
        ({"figures": {"WD": float("nan")}}, "figures"),
        ({"block_events": 0}, "block_events"),
        ({"files": {}}, "the graphs use"),
    ],
)
def test_a_wrong_manifest_is_refused_with_its_cause(folder: Path, changes: dict[str, Any], told: str) -> None:
    rewrite(folder, **changes)
    with pytest.raises(ArtefactError, match=told):
        read_manifest(folder)


def test_a_graph_must_give_what_the_pipeline_needs(folder: Path) -> None:
    event = json.loads((folder / MANIFEST_FILE).read_text())["event"]
    event["outputs"][0]["unit"] = "1"
    rewrite(folder, event=event)
    with pytest.raises(ArtefactError, match=r"graph event must give met \[GeV"):
        read_manifest(folder)


def test_an_unknown_object_type_is_refused(folder: Path) -> None:
    objects = json.loads((folder / MANIFEST_FILE).read_text())["objects"]
    rewrite(folder, objects=objects | {"tau": objects["j"]})
    with pytest.raises(ArtefactError, match="unknown object types"):
        read_manifest(folder)


def test_a_flipped_bit_is_found_and_both_digests_told(folder: Path) -> None:
    manifest = read_manifest(folder)
    path = folder / manifest.graphs["j"].file
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtefactError, match=rf"{path.name}: damaged.*{manifest.files[path.name]}"):
        verify_files(folder, manifest)
    with pytest.raises(ArtefactError, match="damaged"):
        write_manifest(folder, manifest)


def test_a_missing_file_is_named(folder: Path) -> None:
    manifest = read_manifest(folder)
    (folder / manifest.graphs["event"].file).unlink()
    with pytest.raises(ArtefactError, match=manifest.graphs["event"].file):
        verify_files(folder, manifest)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=MANIFEST_FILE):
        read_manifest(tmp_path)


def test_a_manifest_of_whole_events_reads_back(tmp_path: Path) -> None:
    folder = build_whole_artefact(tmp_path, masked=True)
    manifest = read_manifest(folder)
    assert isinstance(manifest, WholeEventsManifest)
    write_manifest(folder, manifest)
    assert read_manifest(folder) == manifest


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"masks": None, "files": {"events.onnx": "0" * 64}}, "if and only if there is a masks graph"),
        ({"latent": {"file": "latent.npz"}}, "the graphs use .*latent.npz"),
        ({"covers": {"tau": 1}}, "unknown object types"),
        ({"objects": {}}, "objects"),
    ],
)
def test_a_wrong_manifest_of_whole_events_is_refused(
    tmp_path: Path, changes: dict[str, Any], told: str
) -> None:
    folder = build_whole_artefact(tmp_path, masked=True)
    rewrite(folder, **changes)
    with pytest.raises(ArtefactError, match=told):
        read_manifest(folder)
