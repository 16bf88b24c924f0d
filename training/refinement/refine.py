"""Refine a model on the shelf: learn what still tells its events from truth, and have that thrown away.

For given numbers of objects, the events of the refined model have the density q min(w, limit), up to its
norm: q is that of the model, w the ratio of truth's to it as far as boosted trees see it (rejection sampling
by a classifier's weights: Cranmer et al., arXiv:1506.02169; for generators Diefenbacher et al.,
arXiv:2009.03796).
"""

import datetime as dt
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

from models.manifest import EventsManifest, Manifest, Provenance, RefinedEventsManifest, describe_files
from models.shelf import Artefact
from service.generator import model_name
from training.config import TrainingConfig
from training.data.slots import SlotLayout
from training.export import git_commit, put_on_shelf
from training.refinement.samples import RefineConfig, learn_acceptance, learnt_tables

SUFFIX: Final = "-refined"
"""What the name of a refined model ends in."""

_ROWS: Final = 16_384


@dataclass(frozen=True, slots=True)
class Refined:
    """What came of it.

    Attributes:
        folder: Of the new artefact.
        kept: Share of the model's events that is kept.
    """

    folder: Path
    kept: float


def refine(
    base: Artefact,
    data: Sequence[Path],
    shelf: Path,
    config: RefineConfig,
    *,
    cache: Path,
    model_version: str = "1",
    progress: bool = True,
) -> Refined:
    """Put the refined model on a shelf, beside the name of the one it is made of.

    Args:
        base: A model that makes whole events.
        data: The files that it learnt from, in the same order. Only events that it learnt from are read.
        shelf: Where it goes.
        config: How.
        cache: Where the tables of the data are or go.
        model_version: Of the new model.
        progress: Whether to show progress bars.

    Raises:
        ValueError: If the model does not make whole events, is refined already or learnt from other files.
    """
    manifest = _refinable(base)
    layout = SlotLayout.any_type(manifest.events.slots)
    learnt = manifest.training.data.files
    split = TrainingConfig.from_dict(manifest.training.config).split
    tables = learnt_tables(learnt, data, split, layout, cache, progress=progress)
    acceptance, kept = learn_acceptance(base, tables, layout, config, progress=progress)

    def fill(folder: Path) -> Manifest:
        for name in manifest.all_files:
            shutil.copyfile(base.folder / name, folder / name)
        graph = acceptance.export(manifest.events.slots, folder / "acceptance.onnx")
        return RefinedEventsManifest(
            **manifest.model_dump(exclude={"pipeline", "model", "version", "files", "figures", *_REWORDED}),
            acceptance=graph,
            model=f"{manifest.model}{SUFFIX}",
            version=model_version,
            description=f"{manifest.description}, refined by boosted trees",
            files=describe_files(folder, [path.name for path in folder.iterdir()]),
            training=_provenance(manifest.training, config),
            reference=f"{manifest.reference}; its events weighted as in arXiv:1506.02169",
            notes=(*manifest.notes, *_notes(config, kept)),
        )

    return Refined(put_on_shelf(shelf / manifest.process / f"{manifest.model}{SUFFIX}", fill), kept)


def _refinable(base: Artefact) -> EventsManifest:
    manifest = base.manifest
    if isinstance(manifest, EventsManifest) and not isinstance(manifest, RefinedEventsManifest):
        return manifest
    raise ValueError(
        f"{model_name(manifest)} cannot be refined: only models of whole events can, and only once"
    )


_REWORDED: Final = ("description", "training", "reference", "notes")


def _provenance(training: Provenance, config: RefineConfig) -> Provenance:
    """That of the model, and how it was refined."""
    return training.model_copy(
        update={
            "config": training.config | {"refinement": asdict(config)},
            "versions": training.versions | {"scikit-learn": version("scikit-learn")},
            "git_commit": git_commit(),
            "created": dt.datetime.now(dt.UTC).date(),
        }
    )


def _notes(config: RefineConfig, kept: float) -> tuple[str, ...]:
    return (
        (
            "Refined: boosted trees, fitted to tell the model's events from the training events, give each "
            f"event a weight; it is kept with the probability weight / {config.limit:g}, else drawn again "
            f"with the same numbers of objects. {kept:.0%} are kept."
        ),
        "Refined events have no two jets nearer to each other than those of the training events have.",
        (
            "Refined events have no exact likelihood. With validity=all come the events before "
            "refinement, with validity=weighted those that pass the selection, with the probability that "
            "they are kept as weight."
        ),
    )
