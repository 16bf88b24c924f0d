import importlib.metadata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import Message
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
from pydantic import TypeAdapter, ValidationError

from models.errors import ArtefactError
from models.graphs import Graph, Noise
from models.manifest import read_manifest
from models.shelf import Artefact
from service.runtime import (
    BoundSession,
    Device,
    DeviceError,
    Untyped,
    check_installation,
    load_graph,
    usable_cores,
)
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


class OnCpu:
    """A session that says it runs on CUDA, and runs on the CPU."""

    def __init__(self, session: Untyped) -> None:
        self.session = session

    def get_providers(self) -> list[str]:
        return ["CUDAExecutionProvider"]

    def io_binding(self) -> Untyped:
        binding = self.session.io_binding()
        bind = binding.bind_output
        binding.bind_output = lambda name, device, number: bind(name, *on_cpu(device, number))
        return binding

    def run_with_iobinding(self, binding: Untyped) -> None:
        self.session.run_with_iobinding(binding)


def on_cpu(device: str, number: int) -> tuple[str, int]:
    assert (device, number) == ("cuda", 1)
    return "cpu", 0


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Untyped]]:
    """A runtime whose CUDA device 1 is the CPU; gives how its sessions were opened."""
    opened: list[dict[str, Untyped]] = []
    real, make = onnxruntime.InferenceSession, onnxruntime.OrtValue.ortvalue_from_numpy

    def session(path: Path, options: Untyped, *, providers: list[object], **others: object) -> Untyped:
        if providers == ["CPUExecutionProvider"]:
            return real(path, options, providers=providers)
        opened.append({"providers": providers, "options": options, **others})
        return OnCpu(real(path, providers=["CPUExecutionProvider"]))

    available = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: available)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    placed = staticmethod(lambda values, device, number: make(values, *on_cpu(device, number)))
    monkeypatch.setattr(onnxruntime.OrtValue, "ortvalue_from_numpy", placed)
    return opened


@pytest.mark.usefixtures("cuda")
def test_cuda_gives_what_the_cpu_gives(artefact: Artefact) -> None:
    graph = artefact.manifest.graphs["j"]
    on_gpu, on_host = (load_graph(artefact.path(graph), graph, device) for device in ("cuda:1", "cpu"))
    for n in (1, 300, 20_000):
        noise = np.random.default_rng(n).standard_normal((n, 8), np.float32)
        np.testing.assert_array_equal(on_gpu({"noise": noise})["pt"], on_host({"noise": noise})["pt"])
    assert max(on_gpu.rows_per_run) > max(on_host.rows_per_run)


def test_cuda_is_opened_on_the_device_asked_for_and_on_no_other(
    artefact: Artefact, cuda: list[dict[str, Untyped]]
) -> None:
    graph = artefact.manifest.graphs["j"]
    load_graph(artefact.path(graph), graph, "cuda:1")
    (how,) = cuda
    assert how["providers"] == [("CUDAExecutionProvider", {"device_id": "1", "use_tf32": "0"})]
    assert how["options"].get_session_config_entry("session.disable_cpu_ep_fallback") == "1"
    assert not how["enable_fallback"]


@pytest.mark.usefixtures("cuda")
def test_a_silent_fall_back_to_the_cpu_is_refused(
    artefact: Artefact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OnCpu, "get_providers", lambda _: ["CPUExecutionProvider"])
    graph = artefact.manifest.graphs["event"]
    with pytest.raises(DeviceError, match="device=cuda:1 was asked for"):
        load_graph(artefact.path(graph), graph, "cuda:1")


@pytest.mark.usefixtures("cuda")
def test_a_gpu_that_fails_is_told_from_a_file_that_is_no_graph(
    artefact: Artefact, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    monkeypatch.setattr(OnCpu, "run_with_iobinding", fail)
    graph = artefact.manifest.graphs["event"]
    with pytest.raises(DeviceError, match=r"met\.onnx: cannot run on cuda:1: out of memory; install"):
        load_graph(artefact.path(graph), graph, "cuda:1")
    (tmp_path / "met.onnx").write_bytes(b"not a graph")
    with pytest.raises(ArtefactError, match="onnxruntime cannot load it"):
        load_graph(tmp_path / "met.onnx", graph, "cuda:1")


def test_threads_share_a_bound_session(artefact: Artefact) -> None:
    plain = load_graph(artefact.path(artefact.manifest.graphs["j"]), artefact.manifest.graphs["j"], "cpu")
    bound = replace(plain, session=BoundSession(plain.session, "cpu", 0))
    noises = [np.random.default_rng(seed).standard_normal((500, 8), np.float32) for seed in range(40)]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda noise: bound({"noise": noise})["pt"], noises))
    for noise, pt in zip(noises, found, strict=True):
        np.testing.assert_array_equal(pt, plain({"noise": noise})["pt"])


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:x", "CPU", "cuda:1 "])
def test_other_devices_are_not_known(device: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        TypeAdapter(Device).validate_python(device)


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
