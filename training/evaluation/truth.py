"""What a sample is held against: true events that no training saw, and others that set the floor."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from events.batch import EventBatch, concatenate
from events.digest import file_sha256
from events.files import read_events
from training.data.reading import first_events, numbered
from training.data.split import Split, SplitFractions
from training.evaluation.judgement import SampleProvenance
from training.evaluation.sources import Sample, file_digits

_FEWEST: Final = 100
_TRAINING_EVENTS: Final = 250_000
_HALVES: Final = SplitFractions(0.5, 0.0)


class TruthSplit(StrEnum):
    """Which events of the truth files a sample is held against.

    ``test``: those that no training saw; the floor is made of training events. ``halves``: one half; the
    other half is the floor. ``all``: all of them; there is no floor.
    """

    TEST = "test"
    HALVES = "halves"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Truth:
    """True events.

    Attributes:
        held_out: What the sample is held against.
        reference: Other true events, which show how far truth is from truth; None if there are none.
        training: What the model learnt from, the first 250,000 events of it; None if that is not known.
    """

    held_out: Sample
    reference: Sample | None
    training: EventBatch | None


def read_truth(files: Sequence[Path], split: TruthSplit, fractions: SplitFractions, events: int) -> Truth:
    """Read true events, at most `events` of a kind, in one pass over the files.

    Args:
        files: Files in any supported format; for ``test`` those that the model was trained on.
        split: Which of their events to use.
        fractions: The shares that the training used, for ``test``.
        events: Number of events at most.

    Raises:
        ValueError: If a part has fewer than 100 events.
        EventFileError: If a file is not one of events.
        OSError: If a file cannot be read.
    """
    digests = [file_sha256(path) for path in files]
    part = partial(_part, files, digests)
    match split:
        case TruthSplit.ALL:
            batches = chain.from_iterable(_with_file_digits(path) for path in files)
            return Truth(part(first_events(batches, events), "all events"), None, None)
        case TruthSplit.HALVES:
            held_out, other = _read(files, _HALVES, {Split.TEST: events, Split.TRAIN: events})
            reference = part(other, "the other half of the events")
            return Truth(part(held_out, "one half of the events"), reference, None)
        case TruthSplit.TEST:
            limits = {Split.TEST: events, Split.TRAIN: max(events, _TRAINING_EVENTS)}
            held_out, training = _read(files, fractions, limits)
            reference = part(training.slice(0, events), f"training split ({fractions.train:g} of the events)")
            return Truth(part(held_out, "test split"), reference, training)


def files_digest(files: Sequence[Path]) -> str:
    """One digest of all files, as the provenance of their events tells it.

    Raises:
        OSError: If a file cannot be read.
    """
    return _joint([file_sha256(path) for path in files])


def _joint(digests: Sequence[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _with_file_digits(path: Path) -> Iterator[EventBatch]:
    return (file_digits(path, batch) for batch in read_events(path))


def _read(
    files: Sequence[Path], fractions: SplitFractions, limits: Mapping[Split, int]
) -> tuple[EventBatch, ...]:
    """The first events of each split that has a limit, up to that limit."""
    taken: dict[Split, list[EventBatch]] = {split: [] for split in limits}
    missing = dict(limits)
    for path in files:
        for ordinals, batch in numbered(path):
            for split in limits:
                chosen = file_digits(path, batch.take(fractions.contains(split, ordinals)))
                taken[split].append(chosen.slice(0, missing[split]))
                missing[split] -= len(taken[split][-1])
            if not any(missing.values()):
                break
    return tuple(map(concatenate, taken.values()))


def _part(files: Sequence[Path], digests: Sequence[str], events: EventBatch, part: str) -> Sample:
    name = ", ".join(path.name for path in files)
    if len(events) < _FEWEST:
        raise ValueError(f"{name}: {part}: {len(events)} events are too few, at least {_FEWEST} are needed")
    details = {"part": part, "sha256 of each file": ", ".join(digests)}
    return Sample(events, SampleProvenance("file", name, len(events), None, _joint(digests), details))
