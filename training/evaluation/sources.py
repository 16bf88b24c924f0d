"""Where events to judge come from: a model on a shelf, a running service, or a file."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, TypeAlias

from events.batch import EventBatch
from events.digest import file_sha256
from events.files import CSV_SUFFIXES, read_events, write_events
from models.shelf import Artefact
from service.generator import Validity
from service.sampler import Sampler
from training.data.reading import first_events
from training.evaluation.judgement import SampleProvenance
from training.evaluation.remote import request_events

_TIMED_EVENTS: Final = 1000

Draw: TypeAlias = Callable[[int, Validity], EventBatch]
"""The first n events of a data set, valid ones or the raw output."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Events to judge.

    Attributes:
        events: The events, with the digits of a Dark Machines file.
        provenance: Where they come from.
        raw: As many events before any was rejected, if there is a way to have them.
        ms_per_event: Time for 1,000 events over 1,000 (thesis eq. 6.7), if they were made on demand.
        events_per_second: The rate at which `events` were made, likewise.
    """

    events: EventBatch
    provenance: SampleProvenance
    raw: EventBatch | None = None
    ms_per_event: float | None = None
    events_per_second: float | None = None


def model_sample(artefact: Artefact, events: int, seed: int) -> Sample:
    """Events of a model on a shelf, through the sampler that the service uses."""
    sampler, manifest = Sampler.open(artefact), artefact.manifest
    name = f"{manifest.process}/{manifest.model}"
    details = {"version": manifest.version, "description": manifest.description}
    return _drawn(
        lambda n, validity: sampler.sample(n, seed, validity=validity),
        SampleProvenance("model", name, events, seed, manifest.digest, details),
    )


def service_sample(url: str, events: int, seed: int) -> Sample:
    """Events of a running service, named as in `request_events`.

    Raises:
        ServiceError: If the events do not arrive, all of them.
    """
    facts = request_events(url, 1, seed).facts
    name = f"{facts.get('process', '?')}/{facts.get('model', '?')}"
    details = {"address": url, "version": facts.get("model-version", "?")}
    return _drawn(
        lambda n, validity: request_events(url, n, seed, validity).events,
        SampleProvenance("service", name, events, seed, facts.get("model-digest", "?"), details),
    )


def file_sample(path: Path, events: int) -> Sample:
    """The first events of a file in any supported format.

    Raises:
        ValueError: If it has none.
        EventFileError: If it is not a file of events.
        OSError: If it cannot be read.
    """
    batch = first_events(read_events(path), events)
    if not len(batch):
        raise ValueError(f"{path} has no events")
    details = {"processes": ", ".join(batch.processes)}
    provenance = SampleProvenance("file", path.name, len(batch), None, file_sha256(path), details)
    return Sample(file_digits(path, batch), provenance)


def file_digits(path: Path, batch: EventBatch) -> EventBatch:
    """The events of a file of any format with the digits that Dark Machines files have."""
    return batch if path.name.lower().endswith(CSV_SUFFIXES) else with_file_digits(batch)


def with_file_digits(batch: EventBatch) -> EventBatch:
    """The events after being written to a Dark Machines file, which has six digits, and read again.

    Truth has been through such a file, and a classifier would tell full precision from six digits.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, "events.csv")
        write_events(path, [batch])
        return first_events(read_events(path), len(batch))


def _drawn(draw: Draw, provenance: SampleProvenance) -> Sample:
    # Only the first call compiles and allocates.
    draw(1, "valid")
    few, few_seconds = _timed(draw, _TIMED_EVENTS, "valid")
    events, seconds = _timed(draw, provenance.events, "valid")
    return Sample(
        with_file_digits(events),
        provenance,
        raw=draw(provenance.events, "all"),
        ms_per_event=1000 * few_seconds / len(few),
        events_per_second=len(events) / seconds,
    )


def _timed(draw: Draw, n: int, validity: Validity) -> tuple[EventBatch, float]:
    begin = time.perf_counter()
    events = draw(n, validity)
    return events, time.perf_counter() - begin
