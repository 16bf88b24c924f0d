"""The models that are served: those of the shelf that can be."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from events.formats import FORMAT_NAMES, make_format
from models.errors import ArtefactError
from models.shelf import Artefact, Shelf
from service.runtime import Device, DeviceError, OutputError, check_installation
from service.sampler import Sampler
from service.settings import Settings

Key: TypeAlias = tuple[str, str]
"""Process and model."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Collection:
    """Loaded models.

    Attributes:
        shelf: Their artefacts.
        samplers: Their samplers.
        refused: Why an artefact of the shelf is not served as it lies there, by its folder.
        device: Where they run.
        default_model: See `Settings.default_model`.
    """

    shelf: Shelf
    samplers: Mapping[Key, Sampler]
    refused: Mapping[Path, str]
    device: Device
    default_model: str

    @classmethod
    def open(cls, settings: Settings, last: "Collection | None" = None) -> "Collection":
        """Verify and load the models, one after the other, as sessions must not be created side by side.

        Artefacts that are damaged, or do not work, are left out and logged.

        Args:
            settings: Where they are and how they run.
            last: What was loaded before. Models that have not changed are taken from it, and so are those
                whose folder now holds a damaged artefact.

        Raises:
            ArtefactError: If there is no model that can be served.
            DeviceError: If the device cannot be used.
        """
        check_installation()
        loaded: dict[Key, tuple[Artefact, Sampler]] = {}
        refused: dict[Path, str] = {}

        def refuse(folder: Path, error: Exception) -> None:
            key = folder.parent.name, folder.name
            kept = last is not None and key in last.samplers
            _LOG.error("refused a model%s: %s", ", and go on with that before" if kept else "", error)
            refused[folder] = str(error)
            if last is not None and kept:
                loaded[key] = last.shelf.get(*key), last.samplers[key]

        for artefact in Shelf.open(settings.models, refuse):
            try:
                loaded[_key(artefact)] = artefact, _sampler(artefact, settings.device, last)
            except DeviceError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever one model does, the others are served
                refuse(artefact.folder, error)
        if not loaded:
            raise ArtefactError(_nothing_to_serve(refused.values()))
        return cls(
            _shelf(loaded[key][0] for key in sorted(loaded)),
            {key: sampler for key, (_, sampler) in loaded.items()},
            refused,
            settings.device,
            settings.default_model,
        )

    def default(self, process: str) -> str:
        """The model that serves a process unless another is asked for, see `default_model`.

        Raises:
            UnknownModelError: If there is no such process.
        """
        return default_model(self.shelf, process, self.default_model)

    def sampler(self, process: str, model: str | None = None) -> Sampler:
        """The sampler of a process's model, or of its default one.

        Raises:
            UnknownModelError: If there is no such process or model.
        """
        return self.samplers[_key(self.shelf.get(process, model or self.default(process)))]


def default_model(shelf: Shelf, process: str, preferred: str) -> str:
    """A process's only model, else the preferred one, else the first in alphabetical order.

    Raises:
        UnknownModelError: If there is no such process.
    """
    models = shelf.models(process)
    return preferred if preferred in models else models[0]


def _key(artefact: Artefact) -> Key:
    return artefact.manifest.process, artefact.manifest.model


def _sampler(artefact: Artefact, device: Device, last: Collection | None) -> Sampler:
    """The sampler of an artefact, which is the last one if nothing that determines events has changed."""
    loaded = last.samplers.get(_key(artefact)) if last else None
    if loaded is not None and loaded.manifest.digest == artefact.manifest.digest:
        return loaded
    sampler = Sampler.open(artefact, device)
    try:
        _warm_up(sampler)
    except OutputError as error:
        raise ArtefactError(f"{artefact.folder}: {error}") from error
    return sampler


def _warm_up(sampler: Sampler) -> None:
    """Generate a block and encode it in each format.

    This shows that the model works, and spares the first requests what is built on first use.
    """
    block = sampler.generator.block(seed=0, index=0, validity="valid")
    for name in FORMAT_NAMES:
        make_format(name).encoder({}).encode(block.events)


def _shelf(artefacts: Iterable[Artefact]) -> Shelf:
    by_process: dict[str, dict[str, Artefact]] = {}
    for artefact in artefacts:
        process, model = _key(artefact)
        by_process.setdefault(process, {})[model] = artefact
    return Shelf(by_process)


def _nothing_to_serve(reasons: Iterable[str]) -> str:
    return "\n".join(("there is no model to serve; set models to a folder of <process>/<model>/", *reasons))
