"""What a sample is held against: true events that no training saw, and others that set the floor."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from events.batch import EventBatch, concatenate
from events.digest import file_sha256
from events.files import read_events
from training.data.reading import first_events, numbered
from training.data.slots import covered
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


@dataclass(frozen=True, slots=True)
class Learnt:
    """What is known of the training of a model.

    Attributes:
        fractions: Shares of the events that it learnt from.
        covers: The most objects of each type, by symbol, of the events that it learnt from and makes, and
            none of any other; None for all events.
        whole_files: Digests of the files of which it learnt from all events.
    """

    fractions: SplitFractions = field(default_factory=SplitFractions)
    covers: Mapping[str, int] | None = None
    whole_files: AbstractSet[str] = frozenset()


def read_truth(files: Sequence[Path], split: TruthSplit, learnt: Learnt, events: int) -> Truth:
    """Read true events, at most `events` of a kind, in one pass over the files.

    Args:
        files: Files in any supported format; for ``test`` those that the model was trained on.
        split: Which of their events to use.
        learnt: How the training used the files. Events that the model does not cover are left out.
        events: Number of events at most.

    Raises:
        ValueError: If a part has fewer than 100 events, or the model was trained on all events of a file that
            shall hold some that it has not seen.
        EventFileError: If a file is not one of events.
        OSError: If a file cannot be read.
    """
    digests = [file_sha256(path) for path in files]
    part = partial(_part, files, digests, learnt.covers)
    match split:
        case TruthSplit.ALL:
            batches = chain.from_iterable(_with_file_digits(path, learnt) for path in files)
            return Truth(part(first_events(batches, events), "all events"), None, None)
        case TruthSplit.HALVES:
            halves = replace(learnt, fractions=_HALVES)
            held_out, other = _read(files, halves, {Split.TEST: events, Split.TRAIN: events})
            reference = part(other, "the other half of the events")
            return Truth(part(held_out, "one half of the events"), reference, None)
        case TruthSplit.TEST:
            if whole := [
                path for path, digest in zip(files, digests, strict=True) if digest in learnt.whole_files
            ]:
                raise ValueError(f"{whole[0]}: the model was trained on all events of it; judge it by others")
            limits = {Split.TEST: events, Split.TRAIN: max(events, _TRAINING_EVENTS)}
            held_out, training = _read(files, learnt, limits)
            reference = part(
                training.slice(0, events), f"training split ({learnt.fractions.train:g} of the events)"
            )
            return Truth(part(held_out, "test split"), reference, training)


def files_digest(files: Sequence[Path]) -> str:
    """One digest of all files, as the provenance of their events tells it.

    Raises:
        OSError: If a file cannot be read.
    """
    return _joint([file_sha256(path) for path in files])


def _joint(digests: Sequence[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def _with_file_digits(path: Path, learnt: Learnt) -> Iterator[EventBatch]:
    for batch in read_events(path):
        yield file_digits(path, batch.take(covered(batch, learnt.covers)))


def _read(files: Sequence[Path], learnt: Learnt, limits: Mapping[Split, int]) -> tuple[EventBatch, ...]:
    """The first events of each split that has a limit, up to that limit."""
    taken: dict[Split, list[EventBatch]] = {split: [] for split in limits}
    missing = dict(limits)
    for path in files:
        for ordinals, batch in numbered(path):
            usable = covered(batch, learnt.covers)
            for split in limits:
                chosen = batch.take(usable & learnt.fractions.contains(split, ordinals))
                taken[split].append(file_digits(path, chosen).slice(0, missing[split]))
                missing[split] -= len(taken[split][-1])
            if not any(missing.values()):
                break
    return tuple(map(concatenate, taken.values()))


def _part(
    files: Sequence[Path],
    digests: Sequence[str],
    covers: Mapping[str, int] | None,
    events: EventBatch,
    part: str,
) -> Sample:
    name = ", ".join(path.name for path in files)
    if len(events) < _FEWEST:
        raise ValueError(f"{name}: {part}: {len(events)} events are too few, at least {_FEWEST} are needed")
    details = {"part": part, "sha256 of each file": ", ".join(digests)}
    if covers is not None:
        limits = ", ".join(f"{most} {symbol}" for symbol, most in covers.items())
        details["covers"] = f"only events with at most {limits} and nothing else"
    return Sample(events, SampleProvenance("file", name, len(events), None, _joint(digests), details))
