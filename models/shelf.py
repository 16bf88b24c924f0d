"""The shelf: all artefacts under one folder, found and verified."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.errors import ArtefactError, UnknownModelError
from models.graphs import AnyGraph
from models.manifest import CARD_FILE, MANIFEST_FILE, AnyManifest, read_manifest, verify_files

SHIPPED: Final = Path(__file__).parent
"""Folder of the models that this package carries."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """A verified model on disk.

    Attributes:
        folder: Where its files lie.
        manifest: What they are.
    """

    folder: Path
    manifest: AnyManifest

    @classmethod
    def open(cls, folder: Path) -> "Artefact":
        """Read the manifest and verify every file it lists.

        Raises:
            ArtefactError: If anything is missing, damaged or contradicts the manifest.
        """
        manifest = read_manifest(folder)
        verify_files(folder, manifest)
        return cls(folder, manifest)

    def path(self, graph: AnyGraph) -> Path:
        """The ONNX file of one of the manifest's graphs."""
        return self.folder / graph.file

    def card(self) -> str:
        """The model card, in Markdown; empty if there is none."""
        path = self.folder / CARD_FILE
        return path.read_text(encoding="utf-8") if path.exists() else ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """The artefacts of one folder, by process and model.

    Attributes:
        artefacts: Artefacts by process, then by model, both in alphabetical order.
    """

    artefacts: dict[str, dict[str, Artefact]]

    @classmethod
    def open(
        cls, root: Path | None = None, refused: Callable[[Path, ArtefactError], object] | None = None
    ) -> "Shelf":
        """Find and verify all artefacts ``<process>/<model>/`` under `root`.

        Args:
            root: The folder; by default that of this package, which carries the shipped models.
            refused: Told the folder of each artefact that is damaged or misplaced, and why; it is left out
                then. If absent, such an artefact is an error.

        Raises:
            ArtefactError: If `root` is not a folder, or an artefact is damaged or lies in the wrong folder.
        """
        root = SHIPPED if root is None else root
        if not root.is_dir():
            raise ArtefactError(f"{root}: no such folder of models")
        artefacts: dict[str, dict[str, Artefact]] = {}
        for path in sorted(root.glob(f"*/*/{MANIFEST_FILE}")):
            try:
                artefact = Artefact.open(path.parent)
                _check_place(artefact)
            except ArtefactError as error:
                if refused is None:
                    raise
                refused(path.parent, error)
                continue
            artefacts.setdefault(artefact.manifest.process, {})[artefact.manifest.model] = artefact
        return cls(artefacts)

    def __iter__(self) -> Iterator[Artefact]:
        for models in self.artefacts.values():
            yield from models.values()

    @property
    def processes(self) -> tuple[str, ...]:
        """The process IDs that have a model."""
        return tuple(self.artefacts)

    def models(self, process: str) -> tuple[str, ...]:
        """The names of the models of a process.

        Raises:
            UnknownModelError: If there is no such process.
        """
        if process not in self.artefacts:
            raise UnknownModelError("process", process, self.artefacts)
        return tuple(self.artefacts[process])

    def get(self, process: str, model: str) -> Artefact:
        """One artefact.

        Raises:
            UnknownModelError: If there is no such process, or it has no such model.
        """
        known = self.models(process)
        if model not in known:
            raise UnknownModelError("model", model, known)
        return self.artefacts[process][model]


def _check_place(artefact: Artefact) -> None:
    manifest, folder = artefact.manifest, artefact.folder
    if (folder.parent.name, folder.name) != (manifest.process, manifest.model):
        raise ArtefactError(
            f"{folder / MANIFEST_FILE}: describes {manifest.process}/{manifest.model}, so its folder must be "
            f"named like that, not {folder.parent.name}/{folder.name}"
        )
