"""The manifest of a model artefact: what its graphs take and give, and where they come from.

An artefact is a folder ``<process>/<model>/`` with ``manifest.json``, the ONNX files it lists and a model
card ``card.md``. Training writes it, the service reads it; nothing else passes between the two.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from events.digest import file_sha256
from events.objects import SYMBOLS
from models.errors import ArtefactError

MANIFEST_FILE: Final = "manifest.json"
CARD_FILE: Final = "card.md"

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
FileName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,95}\.onnx$")]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Text: TypeAlias = Annotated[str, StringConstraints(min_length=1)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Noise(_Frozen):
    """The only input of a graph: random numbers, float32[n, width].

    Attributes:
        name: Name of the graph's input.
        distribution: Uniform in [0, 1), or standard normal.
        width: Random numbers a row.
    """

    name: Text
    distribution: Literal["uniform", "normal"]
    width: Annotated[int, Field(ge=1, le=65536)]


class Input(_Frozen):
    """One input of a graph, dtype[n, width]."""

    name: Text
    dtype: Literal["float32", "int64"]
    width: Annotated[int, Field(ge=1, le=65536)]


class Output(_Frozen):
    """One output of a graph, with its unit and dtype as written in the file."""

    name: Text
    unit: Literal["GeV", "rad", "1"]
    dtype: Literal["float32", "int64"]


class Graph(_Frozen):
    """An ONNX graph that turns noise into physical quantities, any number of rows at a time."""

    file: FileName
    noise: Noise
    outputs: tuple[Output, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All that the graph takes: its noise."""
        return (Input(name=self.noise.name, dtype="float32", width=self.noise.width),)


MASK_OUTPUTS: Final = (Output(name="mask", unit="1", dtype="int64"),)
"""What a mask graph gives: numbers of objects of each type, int64[n, 7]."""

EVENT_OUTPUTS: Final = (
    Output(name="met", unit="GeV", dtype="float32"),
    Output(name="met_phi", unit="rad", dtype="float32"),
)
"""What an event graph gives, float32[n] each."""

OBJECT_OUTPUTS: Final = (
    Output(name="E", unit="GeV", dtype="float32"),
    Output(name="pt", unit="GeV", dtype="float32"),
    Output(name="eta", unit="1", dtype="float32"),
    Output(name="phi", unit="rad", dtype="float32"),
)
"""What an object graph gives, float32[m] each."""


class TrainingData(_Frozen):
    """The events a model learnt from.

    Attributes:
        files: SHA-256 of each event file, by its name without the folder.
        events_train: Events that set the weights.
        events_validation: Events that stopped the training.
        events_test: Events kept for the evaluation.
        generator: What produced the events, such as the simulator and its settings.
    """

    files: dict[Text, Sha256]
    events_train: Annotated[int, Field(ge=1)]
    events_validation: Annotated[int, Field(ge=0)]
    events_test: Annotated[int, Field(ge=0)]
    generator: Text


class Provenance(_Frozen):
    """How a model came to be, enough to train it again.

    Attributes:
        data: The training data.
        config: The training configuration, as read from its TOML file.
        seed: Seed of the training.
        git_commit: Commit of this project that trained it.
        versions: Versions of the libraries that trained and exported it.
        created: Date of the export.
    """

    data: TrainingData
    config: dict[str, JsonValue]
    seed: Annotated[int, Field(ge=0)]
    git_commit: Text
    versions: dict[str, str]
    created: dt.date


class Manifest(_Frozen):
    """What an artefact is.

    Attributes:
        schema_version: Version of this layout.
        process: Process ID, such as ``ttbar``; also the name of the outer folder.
        model: Name of the model, such as ``exp2``; also the name of the inner folder.
        version: Version of the model.
        description: One sentence for people.
        pipeline: How the graphs make events. ``independent-objects``: a mask graph gives the numbers of
            objects, an event graph MET, and one graph a type the objects, each drawn independently (thesis,
            section 7.5).
        block_events: Events a block. A block is generated whole, so this is part of the address of an event.
        max_objects: The most objects an event has.
        files: SHA-256 of each ONNX file.
        masks: Graph of the numbers of objects.
        event: Graph of the missing transverse momentum.
        objects: Graph of each object type that occurs, by symbol.
        training: Where the weights come from.
        figures: Results of the evaluation by name.
        reference: Source of the architecture.
    """

    schema_version: Literal[1] = 1
    process: Name
    model: Name
    version: Name
    description: Text
    pipeline: Literal["independent-objects"]
    block_events: Annotated[int, Field(ge=1, le=65536)]
    max_objects: Annotated[int, Field(ge=1, le=64)]
    files: dict[FileName, Sha256]
    masks: Graph
    event: Graph
    objects: dict[str, Graph]
    training: Provenance
    figures: dict[str, float] = {}
    reference: Text

    @property
    def graphs(self) -> dict[str, Graph]:
        """All graphs: ``masks``, ``event``, and those of the objects by symbol."""
        return {"masks": self.masks, "event": self.event, **self.objects}

    @property
    def digest(self) -> str:
        """SHA-256 of all that determines the events; figures and provenance may change without it."""
        described = self.model_dump(mode="json", include=set(_DETERMINING))
        canonical = json.dumps(described, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @model_validator(mode="after")
    def _check_graphs(self) -> Self:
        if unknown := set(self.objects) - set(SYMBOLS):
            raise ValueError(f"unknown object types {sorted(unknown)}; known: {', '.join(SYMBOLS)}")
        _check_graph("masks", self.masks, "uniform", MASK_OUTPUTS)
        _check_graph("event", self.event, "normal", EVENT_OUTPUTS)
        for symbol, graph in self.objects.items():
            _check_graph(symbol, graph, "normal", OBJECT_OUTPUTS)
        used = {graph.file for graph in self.graphs.values()}
        if used != set(self.files):
            raise ValueError(f"files lists {sorted(self.files)} but the graphs use {sorted(used)}")
        return self


_DETERMINING: Final = (
    "process", "model", "version", "pipeline", "block_events", "max_objects",
    "files", "masks", "event", "objects",
)  # fmt: skip


def _check_graph(role: str, graph: Graph, distribution: str, outputs: tuple[Output, ...]) -> None:
    if graph.noise.distribution != distribution:
        raise ValueError(f"graph {role} must take {distribution} noise, not {graph.noise.distribution}")
    if set(graph.outputs) != set(outputs) or len(graph.outputs) != len(outputs):
        raise ValueError(
            f"graph {role} must give {_spelt(outputs)}; the manifest says {_spelt(graph.outputs)}"
        )


def _spelt(outputs: Iterable[Output]) -> str:
    return ", ".join(f"{out.name} [{out.unit}, {out.dtype}]" for out in outputs)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of an artefact. The checksums are not verified here (see `verify_files`).

    Raises:
        ArtefactError: If the manifest is missing or does not say what a manifest must say.
    """
    path = folder / MANIFEST_FILE
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise ArtefactError(f"{path}: cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise ArtefactError(f"{path}: not a manifest of schema version 1: {error}") from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest beside its ONNX files, atomically.

    Raises:
        ArtefactError: If a file is missing or is not the one the manifest describes.
    """
    verify_files(folder, manifest)
    path = folder / MANIFEST_FILE
    draft = path.with_suffix(".tmp")
    draft.write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    draft.replace(path)


def describe_files(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of each file of a folder, by name: a manifest's `Manifest.files`.

    Raises:
        ArtefactError: If a file cannot be read.
    """
    return {name: _sha256(folder / name) for name in sorted(names)}


def verify_files(folder: Path, manifest: Manifest) -> None:
    """Check that the ONNX files are those the manifest describes.

    A runtime loads a model with a flipped bit without complaint, hence the checksums.

    Raises:
        ArtefactError: If a file is missing or its checksum differs.
    """
    for name, found in describe_files(folder, manifest.files).items():
        if found != manifest.files[name]:
            raise ArtefactError(
                f"{folder / name}: damaged or replaced: SHA-256 is {found}, the manifest says "
                f"{manifest.files[name]}; install the artefact again or export it anew"
            )


def _sha256(path: Path) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        raise ArtefactError(f"{path}: cannot be read: {error.strerror}") from error
