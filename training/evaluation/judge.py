"""The judge: how far a sample is from truth, and how far truth is from truth."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

import numpy as np
from pydantic import TypeAdapter
from threadpoolctl import threadpool_limits

from events.batch import EventBatch
from training.evaluation.histograms import histograms
from training.evaluation.judgement import FeatureDistances, Figure, Judgement, Timing
from training.evaluation.matrix import VECTOR, Standardiser, columns
from training.evaluation.measure import FULL, MEASURE_STEPS, QUICK, Findings, Side, measure
from training.evaluation.neighbours import memorisation_figures
from training.evaluation.progress import Steps
from training.evaluation.shifts import shifts
from training.evaluation.sources import Sample
from training.evaluation.truth import Truth
from training.evaluation.validity import invalid_event_figure

JUDGE_VERSION: Final = "1"
"""To be raised when the same events would give other figures."""

_PACKAGES: Final = ("numpy", "scikit-learn", "scipy")
_OWN_STEPS: Final = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of the judge.

    Attributes:
        events: Events on each side at most.
        seed: Of every random draw, that of the generated events apart.
        truth_split: Which true events are used.
        jet_radius: Radius of the jet clustering of the truth.
        quick: Whether to compute less, in about a minute.
    """

    events: int
    seed: int
    truth_split: str
    jet_radius: float
    quick: bool


def judge(
    sample: Sample, truth: Truth, settings: Settings, *, cache: Path | None = None, progress: bool = True
) -> Judgement:
    """Hold a sample against truth.

    All of it runs on one thread, as sums of floating-point numbers depend on how they are cut into threads.

    Args:
        sample: What to judge.
        truth: What to hold it against.
        settings: Options.
        cache: Folder that keeps what truth shows against truth, for the next sample.
        progress: Whether to show a progress bar.

    Raises:
        ValueError: If there are too few events to tell anything.
    """
    floor = _Floor.of(truth, len(sample.events), settings, cache)
    total = _OWN_STEPS + MEASURE_STEPS * (1 + floor.is_to_be_measured)
    with threadpool_limits(1), Steps(total, show=progress) as steps:
        with steps("observables"):
            true, ours = Side.of(truth.held_out.events), Side.of(sample.events)
        limits = floor.findings(true, steps)
        found = _measured(true, ours, settings, steps, explain=True)
        with steps("memorisation"):
            memorisation = _memorisation(true, ours, truth, settings)
        with steps("distributions"):
            drawn = tuple(histograms(true.observables, ours.observables))
            moved = tuple(shifts(true.observables, ours.observables))
    figures = _with_floors(found.figures, limits.figures if limits else {})
    figures["Thesis"] += _invalid_event_rate(sample, truth)
    figures["Neighbours"] += memorisation
    return Judgement(
        sample=sample.provenance,
        truth=truth.held_out.provenance,
        reference=truth.reference.provenance if truth.reference else None,
        settings=asdict(settings),
        figures=figures,
        features=_features_with_floors(found, limits),
        shifts=moved,
        histograms=drawn,
        correlation=found.correlation,
        classifiers=found.classifiers,
        versions=_versions(),
        timing=Timing(_machine(), steps.seconds, sample.ms_per_event, sample.events_per_second),
    )


@dataclass(frozen=True, slots=True)
class _Floor:
    """What other truth shows against truth, measured or kept from an earlier time.

    Attributes:
        reference: The other truth, as many events as the sample has; None if there is none.
        settings: Options of the judge.
        path: Where to keep it, if anywhere.
    """

    reference: EventBatch | None
    settings: Settings
    path: Path | None

    @classmethod
    def of(cls, truth: Truth, events: int, settings: Settings, cache: Path | None) -> Self:
        if truth.reference is None:
            return cls(None, settings, None)
        sources = [asdict(part.provenance) for part in (truth.held_out, truth.reference)]
        key = json.dumps([sources, events, asdict(settings), _versions()], sort_keys=True)
        name = f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        return cls(truth.reference.events.slice(0, events), settings, cache / name if cache else None)

    @property
    def is_to_be_measured(self) -> bool:
        return self.reference is not None and not (self.path and self.path.exists())

    def findings(self, true: Side, steps: Steps) -> Findings | None:
        if self.reference is None:
            return None
        adapter = TypeAdapter(Findings)
        if self.path and self.path.exists():
            return adapter.validate_json(self.path.read_bytes())
        found = _measured(true, Side.of(self.reference), self.settings, steps, explain=False)
        if self.path:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_suffix(".partial")
            draft.write_bytes(adapter.dump_json(found))
            draft.replace(self.path)
        return found


def _measured(true: Side, other: Side, settings: Settings, steps: Steps, *, explain: bool) -> Findings:
    return measure(
        true,
        other,
        QUICK if settings.quick else FULL,
        steps,
        seed=settings.seed,
        jet_radius=settings.jet_radius,
        explain=explain,
    )


def _memorisation(true: Side, ours: Side, truth: Truth, settings: Settings) -> tuple[Figure, ...]:
    """Only where it is known what was learnt from."""
    if truth.training is None:
        return ()
    standardiser = Standardiser.of(columns(true.observables, VECTOR))
    learnt = Side.of(truth.training).points(standardiser)
    events = (QUICK if settings.quick else FULL).memorised
    rng = np.random.default_rng([settings.seed, len(VECTOR)])
    points = ours.points(standardiser), true.points(standardiser)
    return tuple(memorisation_figures(*points, learnt, events, rng))


def _invalid_event_rate(sample: Sample, truth: Truth) -> tuple[Figure, ...]:
    if sample.raw is None:
        return ()
    rate, floor = (invalid_event_figure(events) for events in (sample.raw, truth.held_out.events))
    return (_with_floor(rate, floor),)


def _with_floors(
    figures: Mapping[str, tuple[Figure, ...]], floors: Mapping[str, tuple[Figure, ...]]
) -> dict[str, tuple[Figure, ...]]:
    by_name = {figure.name: figure for group in floors.values() for figure in group}
    return {
        heading: tuple(_with_floor(figure, by_name.get(figure.name)) for figure in group)
        for heading, group in figures.items()
    }


def _with_floor(figure: Figure, floor: Figure | None) -> Figure:
    return replace(figure, floor=floor.value, floor_error=floor.error) if floor else figure


def _features_with_floors(found: Findings, floor: Findings | None) -> tuple[FeatureDistances, ...]:
    floors = {one.name: one for one in floor.features} if floor else {}
    return tuple(
        replace(
            one,
            WD=_with_floor(one.WD, floors[one.name].WD),
            JS=_with_floor(one.JS, floors[one.name].JS),
            KL=_with_floor(one.KL, floors[one.name].KL),
        )
        if one.name in floors
        else one
        for one in found.features
    )


def _versions() -> dict[str, str]:
    return {"judge": JUDGE_VERSION} | {name: version(name) for name in _PACKAGES}


def _machine() -> str:
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
