"""From names to a judgement: what `eventmill-train evaluate` and the leaderboard do."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from models.manifest import EventsManifest, Manifest
from models.shelf import Artefact
from training.data.split import SplitFractions
from training.evaluation.judge import Settings, judge
from training.evaluation.judgement import Judgement
from training.evaluation.sources import Sample, file_sample, model_sample, service_sample
from training.evaluation.truth import Learnt, TruthSplit, read_truth
from training.simulate.run import sidecar_path

QUICK_EVENTS: Final = 20_000
"""Events on each side that a quick judgement looks at, at most."""

_ANTI_KT_RADIUS: Final = 0.4


@dataclass(frozen=True, slots=True)
class Task:
    """How a sample is to be judged.

    Attributes:
        files: Files of true events.
        split: Which of them the sample is held against.
        events: Number of events on each side, at most.
        seed: Of the generated events, and of the judge.
        jet_radius: Radius of the jet clustering; None for what the files' sidecars tell, or 0.4.
        quick: Whether to look at 20,000 events at most, and to compute less.
        cache: Folder that keeps the floor for the next sample.
        progress: Whether to show a progress bar.
    """

    files: tuple[Path, ...]
    split: TruthSplit = TruthSplit.TEST
    events: int = 100_000
    seed: int = 1
    jet_radius: float | None = None
    quick: bool = False
    cache: Path | None = None
    progress: bool = True

    @property
    def size(self) -> int:
        """Events on each side that are looked at, at most."""
        return min(self.events, QUICK_EVENTS) if self.quick else self.events

    @property
    def settings(self) -> Settings:
        """The judge's options, which its report repeats."""
        radius = jet_radius(self.files) if self.jet_radius is None else self.jet_radius
        return Settings(self.size, self.seed, str(self.split), radius, self.quick)


def evaluate_model(artefact: Artefact, task: Task) -> Judgement:
    """Judge a model on a shelf, by the split that it was trained with.

    Raises:
        ValueError: If there are too few true events.
        OSError: If a file cannot be read.
    """
    return _judged(model_sample(artefact, task.size, task.seed), task, learnt_by(artefact.manifest))


def evaluate_service(url: str, task: Task) -> Judgement:
    """Judge a running service, as `service_sample` asks it; errors as there and in `evaluate_model`."""
    return _judged(service_sample(url, task.size, task.seed), task, Learnt())


def evaluate_file(path: Path, task: Task) -> Judgement:
    """Judge the events of a file; errors as in `file_sample` and in `evaluate_model`."""
    return _judged(file_sample(path, task.size), task, Learnt())


def learnt_by(manifest: Manifest) -> Learnt:
    """What the manifest tells of the model's training."""
    split: Any = manifest.training.config.get("split", {})
    fractions = SplitFractions(**split)
    covers = manifest.covers if isinstance(manifest, EventsManifest) else None
    digests = manifest.training.data.files.values()
    whole = {digest for i, digest in enumerate(digests) if fractions.of_file(i) != fractions}
    return Learnt(fractions, covers, whole)


def jet_radius(files: Sequence[Path]) -> float:
    """The radius of the jet clustering that the files' sidecars tell, or that of ATLAS: 0.4.

    Raises:
        ValueError: If the files differ.
    """
    radii = {_jet_radius(path) for path in files}
    if len(radii) > 1:
        raise ValueError(f"the truth files have jets of different radii, {sorted(radii)}: give --jet-radius")
    return radii.pop()


def _jet_radius(path: Path) -> float:
    sidecar = sidecar_path(path)
    if not sidecar.exists():
        return _ANTI_KT_RADIUS
    return float(json.loads(sidecar.read_text(encoding="utf-8"))["response"]["jets"]["radius"])


def _judged(sample: Sample, task: Task, learnt: Learnt) -> Judgement:
    truth = read_truth(task.files, task.split, learnt, task.size)
    return judge(sample, truth, task.settings, cache=task.cache, progress=task.progress)
