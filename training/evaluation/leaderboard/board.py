"""The leaderboard as plain data: who comes closest to truth."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from pydantic import TypeAdapter

from models.shelf import Artefact
from training.evaluation.judgement import Figure, Judgement
from training.evaluation.thesis import ThesisRow, thesis_rows

RANKED_BY: Final = "AUC_trees"
"""The figure that decides the order: it sees every observable and how they belong together."""

SHOWN: Final = (RANKED_BY, "AUC_mlp", "WD", "JS", "KL", "IER")
"""Names of the figures on the board."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model and how it does.

    Attributes:
        process: Process ID.
        model: Name of the model.
        digest: Digest of what determines its events.
        description: What it is.
        events: Events that were judged, and as many of truth.
        truth: Digest of the truth files.
        figures: The figures in `SHOWN`, as far as they were measured.
        ms_per_event: Time for 1,000 events over 1,000 (thesis eq. 6.7) in milliseconds.
        events_per_second: Sustained rate of the sampler.
        size: Bytes of its graphs.
    """

    process: str
    model: str
    digest: str
    description: str
    events: int
    truth: str
    figures: tuple[Figure, ...]
    ms_per_event: float | None
    events_per_second: float | None
    size: int

    def figure(self, name: str) -> Figure | None:
        """The figure of that name, if it was measured."""
        return next((one for one in self.figures if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Models by process, the nearest to truth first, and the thesis' rows.

    Attributes:
        entries: Our models.
        thesis: What the thesis reports for its models, against its own truth.
    """

    entries: tuple[Entry, ...]
    thesis: tuple[ThesisRow, ...]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """Put entries in order: by process, then by how far `RANKED_BY` is from its ideal."""
        return cls(tuple(sorted(entries, key=_rank)), thesis_rows())

    @property
    def processes(self) -> tuple[str, ...]:
        """Process IDs in order."""
        return tuple(dict.fromkeys(entry.process for entry in self.entries))

    def to_json(self) -> str:
        """The leaderboard as indented JSON."""
        return TypeAdapter(Leaderboard).dump_json(self, indent=1).decode() + "\n"


def entry(artefact: Artefact, judgement: Judgement) -> Entry:
    """The entry of a model that was judged."""
    manifest, timing = artefact.manifest, judgement.timing
    measured = {figure.name: figure for group in judgement.figures.values() for figure in group}
    return Entry(
        process=manifest.process,
        model=manifest.model,
        digest=manifest.digest,
        description=manifest.description,
        events=judgement.sample.events,
        truth=judgement.truth.digest,
        figures=tuple(measured[name] for name in SHOWN if name in measured),
        ms_per_event=timing.ms_per_event if timing else None,
        events_per_second=timing.events_per_second if timing else None,
        size=sum((artefact.folder / name).stat().st_size for name in manifest.files),
    )


def _rank(one: Entry) -> tuple[str, bool, float, str]:
    figure = one.figure(RANKED_BY)
    away = abs(figure.value - (figure.ideal or 0.0)) if figure else 0.0
    return one.process, figure is None, away, one.model
