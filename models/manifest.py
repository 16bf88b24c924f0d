"""The manifest of a model artefact: what its graphs take and give, and where they come from.

An artefact is a folder ``<process>/<model>/`` with ``manifest.json``, the ONNX files it lists and a model
card ``card.md``. Training writes it, the service reads it; nothing else passes between the two.
"""

import datetime as dt
import hashlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, JsonValue, StringConstraints, TypeAdapter, ValidationError, model_validator
from typing_extensions import override

from events.digest import file_sha256
from events.objects import SYMBOLS
from models.errors import ArtefactError
from models.graphs import (
    ACCEPTANCE_OUTPUTS,
    EVENT_OUTPUTS,
    EVENTS_OUTPUTS,
    MASK_OUTPUTS,
    OBJECT_OUTPUTS,
    AcceptanceGraph,
    AnyGraph,
    EventsGraph,
    FileName,
    Frozen,
    Graph,
    Text,
    check_outputs,
)

MANIFEST_FILE: Final = "manifest.json"
CARD_FILE: Final = "card.md"

Name: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
LatentFile: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+-]{0,95}\.npz$")]
Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class TrainingData(Frozen):
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


class Provenance(Frozen):
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


class Latent(Frozen):
    """The principal components of a model's latent space, over the encodings of its training events.

    Attributes:
        file: A NumPy archive: `mean` [d]; `components` [k, d], rows of unit length by falling variance;
            `variance` [k] of the encodings along each. All float32.
    """

    file: LatentFile


class Manifest(Frozen):
    """What every artefact is; a subclass adds the graphs of its pipeline.

    Attributes:
        schema_version: Version of this layout.
        process: Process ID, such as ``ttbar``; also the name of the outer folder.
        model: Name of the model, such as ``exp2``; also the name of the inner folder.
        version: Version of the model.
        description: One sentence for people.
        pipeline: How the graphs make events.
        block_events: Events a block. A block is generated whole, so this is part of the address of an event.
        max_objects: The most objects an event has.
        files: SHA-256 of each file beside the manifest and the card.
        training: Where the weights come from.
        figures: Results of the evaluation by name.
        reference: Source of the architecture.
        notes: What to know before using the model, one sentence or more each.
    """

    schema_version: Literal[1] = 1
    process: Name
    model: Name
    version: Name
    description: Text
    pipeline: str
    block_events: Annotated[int, Field(ge=1, le=65536)]
    max_objects: Annotated[int, Field(ge=1, le=64)]
    files: dict[FileName | LatentFile, Sha256]
    training: Provenance
    figures: dict[str, float] = Field(default_factory=dict)
    reference: Text
    notes: tuple[Text, ...] = ()

    @property
    @abstractmethod
    def graphs(self) -> Mapping[str, AnyGraph]:
        """All graphs by their roles."""

    @property
    def all_files(self) -> set[str]:
        """The names of all files that the pipeline needs."""
        return {graph.file for graph in self.graphs.values()}

    @property
    def digest(self) -> str:
        """SHA-256 of all that determines the events; figures and provenance may change without it."""
        described = self.model_dump(mode="json", exclude=set(_TOLD))
        canonical = json.dumps(described, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        if self.all_files != set(self.files):
            raise ValueError(f"files lists {sorted(self.files)} but the graphs use {sorted(self.all_files)}")
        return self


_TOLD: Final = ("schema_version", "description", "training", "figures", "reference", "notes")
"""What a manifest tells about a model without determining its events."""


class IndependentObjectsManifest(Manifest):
    """MET and every object drawn independently, given the numbers of objects (thesis, section 7.5).

    Attributes:
        masks: Graph of the numbers of objects.
        event: Graph of the missing transverse momentum.
        objects: Graph of each object type that occurs, by symbol.
    """

    pipeline: Literal["independent-objects"] = "independent-objects"
    masks: Graph
    event: Graph
    objects: dict[str, Graph]

    @property
    @override
    def graphs(self) -> dict[str, Graph]:
        """``masks``, ``event``, and the graphs of the objects by symbol."""
        return {"masks": self.masks, "event": self.event, **self.objects}

    @model_validator(mode="after")
    def _check_graphs(self) -> Self:
        if unknown := set(self.objects) - set(SYMBOLS):
            raise ValueError(f"unknown object types {sorted(unknown)}; known: {', '.join(SYMBOLS)}")
        check_outputs("masks", self.masks, MASK_OUTPUTS)
        check_outputs("event", self.event, EVENT_OUTPUTS)
        for symbol, graph in self.objects.items():
            check_outputs(symbol, graph, OBJECT_OUTPUTS)
        for role, graph in self.graphs.items():
            expected = "uniform" if role == "masks" else "normal"
            if graph.noise.distribution != expected:
                raise ValueError(f"graph {role} must take {expected} noise, not {graph.noise.distribution}")
        return self


class EventsManifest(Manifest):
    """Complete events from one graph; a subclass says what becomes of them.

    Attributes:
        masks: Graph of the numbers of objects, if the events graph takes them.
        events: Graph of the events.
        latent: Principal components of the latent space, if the model has encodings.
        covers: The most objects of each type in the events that the model learnt, by symbol; None if it
            learnt all.
    """

    masks: Graph | None = None
    events: EventsGraph
    latent: Latent | None = None
    covers: dict[str, Annotated[int, Field(ge=1)]] | None = None

    @property
    @override
    def graphs(self) -> dict[str, AnyGraph]:
        """``events``, and ``masks`` if there is one."""
        return {"events": self.events} | ({"masks": self.masks} if self.masks else {})

    @property
    @override
    def all_files(self) -> set[str]:
        return {graph.file for graph in self.graphs.values()} | ({self.latent.file} if self.latent else set())

    @model_validator(mode="after")
    def _check_graphs(self) -> Self:
        check_outputs("events", self.events, EVENTS_OUTPUTS)
        if self.masks:
            check_outputs("masks", self.masks, MASK_OUTPUTS)
            if self.masks.noise.distribution != "uniform":
                raise ValueError("graph masks must take uniform noise")
        if self.events.takes_mask != bool(self.masks):
            raise ValueError("an events graph takes a mask if and only if there is a masks graph")
        distributions = [noise.distribution for noise in self.events.noises]
        if len(set(distributions)) < len(distributions):
            raise ValueError("graph events must take at most one noise of each distribution")
        if unknown := set(self.covers or ()) - set(SYMBOLS):
            raise ValueError(f"unknown object types {sorted(unknown)}; known: {', '.join(SYMBOLS)}")
        return self


class WholeEventsManifest(EventsManifest):
    """Complete events from one graph, as it makes them."""

    pipeline: Literal["whole-events"] = "whole-events"


class RefinedEventsManifest(EventsManifest):
    """Complete events from one graph, of which another says what share to keep.

    Attributes:
        acceptance: Graph of the shares.
    """

    pipeline: Literal["refined-events"] = "refined-events"
    acceptance: AcceptanceGraph

    @property
    @override
    def graphs(self) -> dict[str, AnyGraph]:
        """Those that make events, and ``acceptance``."""
        return super().graphs | {"acceptance": self.acceptance}

    @model_validator(mode="after")
    def _check_acceptance(self) -> Self:
        check_outputs("acceptance", self.acceptance, ACCEPTANCE_OUTPUTS)
        if self.acceptance.slots != self.events.slots:
            raise ValueError("graphs events and acceptance must have equally many slots")
        return self


AnyManifest: TypeAlias = Annotated[
    IndependentObjectsManifest | WholeEventsManifest | RefinedEventsManifest, Field(discriminator="pipeline")
]
"""A manifest of any pipeline."""


def read_manifest(folder: Path) -> AnyManifest:
    """The manifest of an artefact. The checksums are not verified here (see `verify_files`).

    Raises:
        ArtefactError: If the manifest is missing or does not say what a manifest must say.
    """
    path = folder / MANIFEST_FILE
    try:
        adapter: TypeAdapter[AnyManifest] = TypeAdapter(AnyManifest)
        return adapter.validate_json(path.read_bytes())
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
