"""Export a trained run to the shelf: ONNX graphs, manifest and card."""

import datetime as dt
import platform
import shutil
import subprocess
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final

from models.manifest import Manifest, Provenance, TrainingData, describe_files, write_manifest
from training.architectures import load_architecture
from training.card import write_card
from training.run import Run

_BLOCK_EVENTS: Final = 4096


def export(run: Run, shelf: Path, *, model_version: str = "1") -> Path:
    """Write a run's artefact to ``<shelf>/<process>/<model>/`` and return that folder.

    Raises:
        FileNotFoundError: If a network has not been trained.
        ParityError: If a graph differs from the network it comes from.
    """

    def fill(folder: Path) -> Manifest:
        exported = load_architecture(run.training_config.architecture).export(run, folder)
        return exported.manifest(
            process=run.process,
            model=run.training_config.model,
            version=model_version,
            block_events=_BLOCK_EVENTS,
            files=describe_files(folder, [path.name for path in folder.iterdir()]),
            training=_provenance(run),
            **exported.fields,
        )

    return put_on_shelf(shelf / run.process / run.training_config.model, fill)


def put_on_shelf(folder: Path, fill: Callable[[Path], Manifest]) -> Path:
    """Write an artefact's files, manifest and card to a folder, all or nothing, and return it.

    Args:
        folder: ``<process>/<model>/`` on a shelf; what lies there is replaced.
        fill: Writes the files to an empty folder and tells their manifest.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    manifest = fill(partial)
    write_manifest(partial, manifest)
    write_card(partial, manifest)
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return folder


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
        git_commit=git_commit(),
        versions={"python": platform.python_version()} | {name: version(name) for name in libraries},
        created=dt.datetime.now(dt.UTC).date(),
    )


def git_commit() -> str:
    """The commit of the source tree, `unknown` when the package was installed without one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
