"""Export a trained run to the shelf: decoders and mask tables as ONNX, with manifest and card.

The graphs take noise and give physical units: scaling and logarithms are inverted inside. Every graph is
compared with its origin before the manifest is written.
"""

import datetime as dt
import platform
import shutil
import subprocess
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import tensorflow as tf
import tf2onnx

from events.batch import Floats
from events.objects import SYMBOLS
from models.graphs import EVENT_OUTPUTS, MASK_OUTPUTS, OBJECT_OUTPUTS, Graph, Noise, Output
from models.manifest import (
    IndependentObjectsManifest,
    Provenance,
    TrainingData,
    describe_files,
    write_manifest,
)
from training.canonical import canonical_model
from training.card import write_card
from training.data.tables import EVENT_FEATURES, EVENT_TABLE, OBJECT_FEATURES
from training.fit import load_best
from training.masks import N_UNIFORMS, MaskGenerator
from training.run import Run, features_of
from training.transform import AZIMUTHS, LOGARITHMIC, Standardisation
from training.vae import BetaVAE

_OPSET: Final = 18
_BLOCK_EVENTS: Final = 4096
_PARITY_ROWS: Final = (1, 1024)
_TOLERANCE: Final = 1e-4
_FILE_NAMES: Final = {
    EVENT_TABLE: "met",
    **dict(zip(SYMBOLS, ("jet", "b_jet", "electron", "positron", "muon", "antimuon", "photon"), strict=True)),
}


class ParityError(ArithmeticError):
    """An exported graph does not compute what the trained one does."""


def export(run: Run, shelf: Path, *, model_version: str = "1") -> Path:
    """Write a run's artefact to ``<shelf>/<process>/<model>/`` and return that folder.

    Raises:
        FileNotFoundError: If a network has not been trained.
        ParityError: If a graph differs from the network it comes from.
    """
    folder = shelf / run.process / run.training_config.model
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    masks = export_masks(run.masks(), partial / "masks.onnx")
    graphs = {table: _export_network(run, table, partial) for table in run.tables()}
    event = graphs.pop(EVENT_TABLE)
    files = [masks.file, event.file, *(graph.file for graph in graphs.values())]
    manifest = IndependentObjectsManifest(
        process=run.process,
        model=run.training_config.model,
        version=model_version,
        description=(
            "Experiment II: object counts from alias tables, MET and each object on its own from beta-VAEs"
        ),
        block_events=_BLOCK_EVENTS,
        max_objects=run.training_config.max_objects,
        files=describe_files(partial, files),
        masks=masks,
        event=event,
        objects=graphs,
        training=_provenance(run),
        reference="Experiment II of the source thesis (section 7.5): alias-method masks, per-type beta-VAEs",
    )
    write_manifest(partial, manifest)
    write_card(partial, manifest)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return folder


def export_masks(generator: MaskGenerator, path: Path) -> Graph:
    """Export a mask generator: uniforms float32[n, 4] -> masks int64[n, 7]."""

    def draw(uniforms: tf.Tensor) -> dict[str, tf.Tensor]:
        chosen = _draw_alias(generator.first.accept, generator.first.alias, uniforms[:, 0], uniforms[:, 1])
        if generator.second is not None:
            second = generator.second
            rare = _draw_alias(second.accept, second.alias, uniforms[:, 2], uniforms[:, 3])
            k = len(generator.frequent)
            chosen = tf.where(chosen < k, chosen, rare + k)
        return {"mask": tf.gather(tf.constant(generator.masks), chosen)}

    noise = Noise(name="uniforms", distribution="uniform", width=N_UNIFORMS)
    _convert(draw, noise, MASK_OUTPUTS, path)
    check_parity(path, noise, lambda values: {"mask": generator.draw(values)})
    return Graph(file=path.name, noise=noise, outputs=MASK_OUTPUTS)


def export_decoder(decoder: Any, scaling: Standardisation, path: Path) -> Graph:  # noqa: ANN401
    """Export a Keras decoder: normals float32[n, latent] -> one float32[n] a feature, in GeV and radians."""
    outputs = {EVENT_FEATURES: EVENT_OUTPUTS, OBJECT_FEATURES: OBJECT_OUTPUTS}[scaling.features]

    def decode(latent: tf.Tensor) -> dict[str, tf.Tensor]:
        columns = tf.unstack(decoder(latent), num=len(scaling.features), axis=1)
        return {
            name: _physical(name, column * scale + mean)
            for name, column, mean, scale in zip(
                scaling.features, columns, scaling.mean, scaling.scale, strict=True
            )
        }

    noise = Noise(name="latent", distribution="normal", width=decoder.input_shape[-1])
    _convert(decode, noise, outputs, path)
    check_parity(
        path,
        noise,
        lambda values: dict(zip(scaling.features, scaling.inverse(decoder(values).numpy()).T, strict=True)),
    )
    return Graph(file=path.name, noise=noise, outputs=outputs)


def _export_network(run: Run, table: str, folder: Path) -> Graph:
    model = BetaVAE(len(features_of(table)), run.training_config.network(table), seed=0)
    load_best(model, run.network_folder(table))
    return export_decoder(model.decoder, run.standardisations()[table], folder / f"{_FILE_NAMES[table]}.onnx")


def _draw_alias(
    accept: Floats, alias: npt.NDArray[np.int64], position: tf.Tensor, acceptance: tf.Tensor
) -> tf.Tensor:
    size = len(accept)
    index = tf.minimum(tf.cast(position * np.float32(size), tf.int64), size - 1)
    kept = acceptance < tf.gather(tf.constant(accept), index)
    return tf.where(kept, index, tf.gather(tf.constant(alias), index))


def _physical(name: str, value: tf.Tensor) -> tf.Tensor:
    if name in LOGARITHMIC:
        return tf.exp(value * np.float32(np.log(10)))
    if name in AZIMUTHS:
        turn = np.float32(2 * np.pi)
        return value - turn * tf.floor((value + np.float32(np.pi)) / turn)
    return value


def _convert(
    function: Callable[[tf.Tensor], dict[str, tf.Tensor]],
    noise: Noise,
    outputs: Sequence[Output],
    path: Path,
) -> None:
    signature = tf.TensorSpec((None, noise.width), tf.float32, name=noise.name)
    graph, _ = tf2onnx.convert.from_function(tf.function(function), input_signature=[signature], opset=_OPSET)
    _name_outputs(graph, [output.name for output in outputs])
    canonical = canonical_model(graph)
    onnx.checker.check_model(canonical, full_check=True)
    onnx.save(canonical, path)


def _name_outputs(model: onnx.ModelProto, names: Sequence[str]) -> None:
    """Give the graph's outputs the names of the function's dictionary, which tf2onnx orders by key."""
    for output, name in zip(model.graph.output, sorted(names), strict=True):
        renamed, output.name = output.name, name
        for node in model.graph.node:
            node.output[:] = [name if tensor == renamed else tensor for tensor in node.output]
            node.input[:] = [name if tensor == renamed else tensor for tensor in node.input]


def check_parity(path: Path, noise: Noise, original: Callable[[Floats], dict[str, npt.NDArray[Any]]]) -> None:
    """Compare the file with its origin on seeded noise, for a single row and for many."""
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    draw = rng.random if noise.distribution == "uniform" else rng.standard_normal
    for rows in _PARITY_ROWS:
        values = draw((rows, noise.width), dtype=np.float32)
        expected = original(values)
        names = list(expected)
        found = dict(zip(names, session.run(names, {noise.name: values}), strict=True))
        for name in names:
            difference = found[name] - expected[name]
            if name in AZIMUTHS:
                difference = (difference + np.pi) % (2 * np.pi) - np.pi
            worst = float(np.max(np.abs(difference) / (1 + np.abs(expected[name]))))
            if not worst <= _TOLERANCE:
                raise ParityError(f"{path.name}: {name} differs from the trained network by {worst:.2g}")


def _provenance(run: Run) -> Provenance:
    libraries = ("eventmill", "tensorflow", "keras", "tf2onnx", "onnx", "onnxruntime", "numpy")
    return Provenance(
        data=TrainingData(
            files=run.data,
            events_train=run.events["train"],
            events_validation=run.events["validation"],
            events_test=run.events["test"],
            generator=run.generator,
        ),
        config=run.config,
        seed=run.training_config.seed,
        git_commit=_git_commit(),
        versions={"python": platform.python_version()} | {name: version(name) for name in libraries},
        created=dt.datetime.now(dt.UTC).date(),
    )


def _git_commit() -> str:
    """The commit of the source tree, `unknown` when the package was installed without one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
