"""Damaged artefacts, and artefacts that change while the service runs."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from models.manifest import MANIFEST_FILE, describe_files
from tests.support.servers import (
    ServingProcess,
    fetched,
    metrics,
    response,
    serving_process,
    status,
    wait_until,
)
from tests.support.tiny_model import build_artefact

GENERATE = "/generate?process=ttbar&seed=5"


def truncate(folder: Path) -> None:
    data = (folder / "j.onnx").read_bytes()
    (folder / "j.onnx").write_bytes(data[: len(data) // 2])
    vouch(folder)


def replace_by_text(folder: Path) -> None:
    (folder / "j.onnx").write_text("not a graph")
    vouch(folder)


def flip_a_bit(folder: Path) -> None:
    data = bytearray((folder / "j.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "j.onnx").write_bytes(data)


def give_nan(folder: Path) -> None:
    model = onnx.load(folder / "j.onnx")
    for constant in model.graph.initializer:
        if constant.name == "b0":
            values = numpy_helper.to_array(constant) * np.float32("nan")
            constant.CopyFrom(numpy_helper.from_array(values, constant.name))
    onnx.save(model, folder / "j.onnx")
    vouch(folder)


def take_other_noise(folder: Path) -> None:
    shutil.copy(folder / "met.onnx", folder / "j.onnx")
    vouch(folder)


def come_from_the_future(folder: Path) -> None:
    edit(folder, lambda manifest: manifest.update(schema_version=99))


def lose_a_file(folder: Path) -> None:
    (folder / "j.onnx").unlink()


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / MANIFEST_FILE
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def vouch(folder: Path) -> None:
    """Let the manifest agree with the files, so that only the runtime can find fault with them."""
    names = [path.name for path in folder.glob("*.onnx")]
    edit(folder, lambda manifest: manifest.update(files=describe_files(folder, names)))


DAMAGES = [
    truncate, replace_by_text, flip_a_bit, give_nan, take_other_noise, come_from_the_future, lose_a_file,
]  # fmt: skip


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServingProcess]:
    """A service whose shelf has one good model and many bad ones."""
    root = tmp_path_factory.mktemp("damaged")
    build_artefact(root)
    for damage in DAMAGES:
        damage(build_artefact(root, model=damage.__name__))
    with serving_process(root) as service:
        yield service


def test_the_good_model_is_served(damaged: ServingProcess) -> None:
    assert fetched(damaged.port, f"{GENERATE}&n=10").count(b"\n") == 10
    with response(damaged.port, "GET", "/health/ready") as answer:
        told = json.loads(answer.read())
    assert told["models"] == 1
    assert told["refused"] == sorted(f"ttbar/{damage.__name__}" for damage in DAMAGES)
    assert metrics(damaged.port)["eventmill_model_load_failures_total"] == len(DAMAGES)


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_model_is_refused_by_the_name_of_its_file(
    damaged: ServingProcess, damage: Callable[[Path], None]
) -> None:
    with response(damaged.port, "POST", f"{GENERATE}&n=1&model={damage.__name__}") as answer:
        assert answer.status == 404
    file = MANIFEST_FILE if damage is come_from_the_future else "j.onnx"
    assert any(f"{damage.__name__}/{file}" in line for line in damaged.log)


def digest(port: int) -> str:
    with response(port, "GET", "/models/ttbar/exp2") as answer:
        return str(json.loads(answer.read())["digest"])


def replace_by(folder: Path, other: Path) -> None:
    """Put another artefact into a folder as a careful installer would: the manifest last."""
    for path in other.glob("*.onnx"):
        shutil.copy(path, folder / path.name)
    shutil.copy(other / MANIFEST_FILE, folder / MANIFEST_FILE)


def test_the_models_follow_the_shelf_and_streams_do_not(tmp_path: Path) -> None:
    folder, other = build_artefact(tmp_path / "shelf"), build_artefact(tmp_path / "other", seed=2)
    damaged = build_artefact(tmp_path / "damaged", seed=3)
    flip_a_bit(damaged)
    with serving_process(tmp_path / "shelf", "--reload-seconds", "0.1") as service:
        port, first = service.port, digest(service.port)
        whole = fetched(port, f"{GENERATE}&n=100000")
        with response(port, "POST", f"{GENERATE}&n=100000") as answer:
            begun = answer.read(1000)
            replace_by(folder, other)
            wait_until(lambda: digest(port) != first)
            assert begun + answer.read() == whole
        second = digest(port)
        assert fetched(port, f"{GENERATE}&n=100") != whole[: whole.index(b"\n99;")]
        replace_by(folder, damaged)
        wait_until(lambda: metrics(port)["eventmill_model_load_failures_total"] > 0)
        assert digest(port) == second
        assert fetched(port, f"{GENERATE}&n=10").count(b"\n") == 10
        build_artefact(tmp_path / "shelf", "stop_02")
        wait_until(lambda: status(port, "/models/stop_02/exp2") == 200)
        shutil.rmtree(folder)
        wait_until(lambda: status(port, "/models/ttbar/exp2") == 404)


def test_a_model_named_by_its_digest_is_served_or_refused(damaged: ServingProcess) -> None:
    named = f"{GENERATE}&n=5&model_digest="
    assert fetched(damaged.port, named + digest(damaged.port)) == fetched(damaged.port, f"{GENERATE}&n=5")
    with response(damaged.port, "POST", named + "0" * 64) as answer:
        assert (answer.status, json.loads(answer.read())["code"]) == (409, "model_changed")
