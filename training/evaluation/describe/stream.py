"""One pass over a sample of any size, in memory that does not grow with it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from events.batch import EventBatch
from events.digest import file_sha256
from events.files import OnError, read_events
from events.objects import N_OBJECT_TYPES, ObjectType
from events.selection import valid_events
from training.evaluation.correlations import (
    CORRELATED,
    CorrelationSums,
    correlated_variables,
    matrix_rows,
)
from training.evaluation.describe.description import Description, SourceFile, Spectrum
from training.evaluation.describe.masks import MaskSums
from training.evaluation.describe.spectra import EVENT_FEATURES, OBJECT_FEATURES, SpectrumSums
from training.provenance import describe_generator

_FREQUENT_SHARE: Final = 0.85
"""What the thesis' mask generator calls frequent (its section 7.5.2)."""


def describe(
    files: Sequence[Path],
    *,
    on_error: OnError = "raise",
    advance: Callable[[int], object] = lambda _: None,
) -> Description:
    """What the events of files look like, all files together being one sample.

    Args:
        files: Files in any of `events.files.SUFFIXES`.
        on_error: Whether a line of CSV that is not an event ends the reading, or is left out and counted.
        advance: Called with the number of events of each batch.

    Raises:
        ValueError: If there is no event.
        EventFileError: If a file is damaged or its ending unknown.
        BadLineError: At a line that is not an event, unless they are left out.
        OSError: If a file cannot be read.
    """
    sums = _Sums()
    sources = []
    for path in files:
        before = sums.events
        reader = read_events(path, on_error=on_error)
        for batch in reader:
            sums.add(batch)
            advance(len(batch))
        sources.append(
            SourceFile(
                name=path.name,
                sha256=file_sha256(path),
                events=sums.events - before,
                skipped=reader.skipped,
                generator=describe_generator([path]),
            )
        )
    if not sums.events:
        raise ValueError(f"no events in {', '.join(str(path) for path in files)}")
    return sums.description(tuple(sources))


class _Sums:
    """All that is counted of the events so far."""

    def __init__(self) -> None:
        self.events = 0
        self._invalid = 0
        self._objects = np.zeros(N_OBJECT_TYPES, np.int64)
        self._processes: Counter[str] = Counter()
        self._masks = MaskSums()
        self._correlation = CorrelationSums(len(CORRELATED))
        self._event = {feature.name: SpectrumSums(feature) for feature in EVENT_FEATURES}
        self._object = {feature.name: SpectrumSums(feature, N_OBJECT_TYPES) for feature in OBJECT_FEATURES}

    def add(self, batch: EventBatch) -> None:
        self.events += len(batch)
        self._invalid += int(np.count_nonzero(~valid_events(batch)))
        self._objects += np.bincount(batch.type, minlength=N_OBJECT_TYPES)
        numbers = np.bincount(batch.process_index, minlength=len(batch.processes)).tolist()
        self._processes.update(dict(zip(batch.processes, numbers, strict=True)))
        self._masks.add(batch)
        self._correlation.add(correlated_variables(batch))
        energies = np.bincount(batch.event_index, batch.E, len(batch)).astype(np.float64)
        self._event["met"].add(batch.met)
        self._event["met_phi"].add(batch.met_phi)
        self._event["E"].add(energies[energies > 0])
        for name, spectra in self._object.items():
            spectra.add(getattr(batch, name), batch.type)

    def description(self, files: tuple[SourceFile, ...]) -> Description:
        return Description(
            files=files,
            processes=dict(sorted(self._processes.items())),
            events=self.events,
            invalid_events=self._invalid,
            objects={_name(type_): int(self._objects[type_]) for type_ in ObjectType},
            spectra=self._spectra(),
            multiplicities=self._masks.multiplicities(),
            masks=self._masks.table(_FREQUENT_SHARE),
            correlation_names=CORRELATED,
            correlation=matrix_rows(self._correlation.matrix()),
        )

    def _spectra(self) -> Mapping[str, tuple[Spectrum, ...]]:
        found = {"Events": tuple(sums.spectrum(f"event.{name}") for name, sums in self._event.items())}
        for type_ in ObjectType:
            if self._objects[type_]:
                heading = f"{_name(type_).replace('_', '-').capitalize()}s ({type_.symbol})"
                found[heading] = tuple(
                    sums.spectrum(f"{_name(type_)}.{name}", type_) for name, sums in self._object.items()
                )
        return found


def _name(type_: ObjectType) -> str:
    return type_.name.lower()
