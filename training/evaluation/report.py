"""The comparison of a model with held-out truth: distances, their floor, validity and speed."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from events.batch import EventBatch
from events.kinematics import momentum
from events.selection import invalid_event_rate
from models.manifest import write_manifest
from models.shelf import Artefact
from service.sampler import Sampler
from training.card import write_card
from training.data.reading import first_events, read_split
from training.data.split import Split, SplitFractions
from training.evaluation.distances import Distances, distances

_TIMED_EVENTS = 1000
_ROUNDING = 1e-5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one model.

    Attributes:
        process: Process ID.
        model: Name of the model.
        digest: Digest of what determines its events.
        seed: Seed of the generated events.
        events: Number of events on each side.
        sample: Distances of the generated events from held-out truth.
        floor: Distances of as many training events from the same truth: what truth itself reaches.
        invalid_event_rate: Share of invalid events before any is redrawn (thesis eq. 6.6).
        below_shell_rate: Share of objects with E < p beyond the rounding of float32.
        ms_per_event: Time for 1,000 events over 1,000 (thesis eq. 6.7), on this machine.
    """

    process: str
    model: str
    digest: str
    seed: int
    events: int
    sample: Distances
    floor: Distances
    invalid_event_rate: float
    below_shell_rate: float
    ms_per_event: float

    def figures(self) -> dict[str, float]:
        """The figures that go into a manifest."""
        return {
            "events": self.events,
            **asdict(self.sample),
            **{f"{name}_floor": value for name, value in asdict(self.floor).items()},
            "IER": self.invalid_event_rate,
            "E_below_p": self.below_shell_rate,
        }


def evaluate(
    sampler: Sampler, files: Sequence[Path], fractions: SplitFractions, *, events: int, seed: int
) -> Evaluation:
    """Compare a model with the test split of the files it was trained on.

    Raises:
        ValueError: If the test or the training split has too few events.
    """
    truth = _exactly(events, read_split(files, Split.TEST, fractions))
    other_truth = _exactly(events, read_split(files, Split.TRAIN, fractions))
    sample = sampler.sample(events, seed)
    raw = sampler.sample(events, seed, validity="all")
    manifest = sampler.manifest
    return Evaluation(
        process=manifest.process,
        model=manifest.model,
        digest=manifest.digest,
        seed=seed,
        events=events,
        sample=distances(truth, sample),
        floor=distances(truth, other_truth),
        invalid_event_rate=invalid_event_rate(raw),
        below_shell_rate=_below_shell_rate(sample),
        ms_per_event=_ms_per_event(sampler, seed),
    )


def _exactly(events: int, batches: Iterable[EventBatch]) -> EventBatch:
    batch = first_events(batches, events)
    if len(batch) < events:
        raise ValueError(f"the split has {len(batch):,} events, not the {events:,} asked for: lower --events")
    return batch


def _below_shell_rate(batch: EventBatch) -> float:
    p = momentum(batch.pt.astype(np.float64), batch.eta.astype(np.float64))
    return float(np.mean(p * (1 - _ROUNDING) > batch.E))


def _ms_per_event(sampler: Sampler, seed: int) -> float:
    begin = time.perf_counter()
    sampler.sample(_TIMED_EVENTS, seed)
    return (time.perf_counter() - begin) * 1000 / _TIMED_EVENTS


def table(result: Evaluation) -> str:
    """The figures as a table for people."""
    sample, floor = asdict(result.sample), asdict(result.floor)
    lines = [
        f"{result.process}/{result.model} against held-out truth",
        f"{result.events:,} events a side, seed {result.seed}",
        f"{'':>12} {'model':>10} {'floor':>10}",
        *(f"{name:>12} {sample[name]:10.6f} {floor[name]:10.6f}" for name in sample),
        f"{'IER':>12} {result.invalid_event_rate:10.2%}",
        f"{'E < p':>12} {result.below_shell_rate:10.2%} of the objects",
        f"{'ms/event':>12} {result.ms_per_event:10.4f} (1,000 events on this machine)",
    ]
    return "\n".join(lines)


def publish(result: Evaluation, artefact: Artefact) -> None:
    """Put the figures into the manifest and the card of the model they belong to."""
    manifest = artefact.manifest.model_copy(update={"figures": result.figures()})
    write_manifest(artefact.folder, manifest)
    write_card(artefact.folder, manifest)
