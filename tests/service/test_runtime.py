import importlib.metadata
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest

from models.errors import ArtefactError
from models.graphs import Graph, Noise
from models.manifest import read_manifest
from models.shelf import Artefact
from service.runtime import DeviceError, check_installation, load_graph, usable_cores
from tests.support.tiny_model import build_artefact


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build_artefact(tmp_path)


def test_padding_does_not_change_a_row(artefact: Artefact) -> None:
    graph = artefact.manifest.graphs["j"]
    loaded = load_graph(artefact.path(graph), graph, "cpu")
    noise = np.random.default_rng(1).standard_normal((1100, graph.noises[0].width), np.float32)
    whole = loaded({"noise": noise})
    rows = [loaded({"noise": noise[i : i + 1]}) for i in (0, 511, 512, 1099)]
    assert [row["pt"][0] for row in rows] == whole["pt"][[0, 511, 512, 1099]].tolist()
    assert len(whole["pt"]) == 1100


@pytest.mark.parametrize("content", [b"", b"not a graph"])
def test_a_file_that_is_no_graph_is_named(folder: Path, content: bytes) -> None:
    graph = read_manifest(folder).graphs["event"]
    (folder / graph.file).write_bytes(content)
    with pytest.raises(ArtefactError, match=r"met\.onnx: onnxruntime cannot load it"):
        load_graph(folder / graph.file, graph, "cpu")


def test_a_graph_must_take_what_the_manifest_says(artefact: Artefact) -> None:
    graph = artefact.manifest.graphs["event"]
    assert isinstance(graph, Graph)
    other = graph.model_copy(update={"noise": Noise(name="noise", distribution="normal", width=99)})
    with pytest.raises(ArtefactError, match=r"but the manifest says .*99"):
        load_graph(artefact.path(graph), other, "cpu")


def test_a_graph_must_give_what_the_manifest_says(artefact: Artefact) -> None:
    graph = artefact.manifest.graphs["event"]
    assert isinstance(graph, Graph)
    other = graph.model_copy(update={"outputs": artefact.manifest.graphs["j"].outputs})
    with pytest.raises(ArtefactError, match=r"gives .* but the manifest says .*eta"):
        load_graph(artefact.path(graph), other, "cpu")


def test_a_graph_that_gives_nan_is_not_loaded(folder: Path) -> None:
    graph = read_manifest(folder).graphs["event"]
    model = onnx.load(folder / graph.file)
    bias = next(tensor for tensor in model.graph.initializer if tensor.name == "b0")
    values = np.full(bias.dims, np.nan, np.float32)
    bias.CopyFrom(onnx.numpy_helper.from_array(values, "b0"))
    onnx.save(model, folder / graph.file)
    with pytest.raises(ArtefactError, match=r"met\.onnx: .* is not finite"):
        load_graph(folder / graph.file, graph, "cpu")


def test_cuda_without_a_build_for_it_is_refused(artefact: Artefact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    graph = artefact.manifest.graphs["event"]
    with pytest.raises(DeviceError, match="install eventmill with the extra gpu"):
        load_graph(artefact.path(graph), graph, "cuda")


def test_a_silent_fall_back_to_the_cpu_is_refused(
    artefact: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    fallen = SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: fallen)
    graph = artefact.manifest.graphs["event"]
    with pytest.raises(DeviceError, match="device=cuda was asked for"):
        load_graph(artefact.path(graph), graph, "cuda")


def distribution(name: str) -> SimpleNamespace:
    metadata = Message()
    metadata["Name"] = name
    return SimpleNamespace(metadata=metadata)


@pytest.mark.parametrize("names", [["onnxruntime"], ["onnxruntime-gpu"]])
def test_one_build_of_onnxruntime_is_fine(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: map(distribution, names))
    check_installation()


def test_two_builds_of_onnxruntime_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["numpy", "onnxruntime", "onnxruntime-gpu"]
    monkeypatch.setattr(importlib.metadata, "distributions", lambda: map(distribution, names))
    with pytest.raises(DeviceError, match="uninstall both"):
        check_installation()


def test_there_is_a_core_to_use() -> None:
    assert usable_cores() >= 1
