"""Samples read from files and compared with the first of them, as tables for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from events.files import read_events
from training.compare.observables import Observable, observables
from training.compare.statistics import Separation, Shift, separation, shift
from training.data.reading import first_events

TABLE: Final = (
    *("met", "n_objects", "n_jet", "n_b_jet", "n_electron", "n_positron", "n_muon", "n_antimuon", "n_photon"),
    *("ht", "imbalance", "jet_1_pt", "jet_2_pt", "jet_3_pt", "b_jet_1_pt", "electron_1_pt", "muon_1_pt"),
    *("photon_1_pt", "jet_1_m_over_pt", "jet_2_m_over_pt", "jet_3_m_over_pt", "closest_jets"),
)
"""Observables that the table shows; the classifier sees all."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Events of a file.

    Attributes:
        label: What to call it.
        events: Number of events.
        observables: What they are compared in.
    """

    label: str
    events: int
    observables: dict[str, Observable]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A sample held against the first one."""

    first: Sample
    second: Sample
    shifts: dict[str, Shift]
    separation: Separation


def read_sample(path: Path, label: str, events: int) -> Sample:
    """The first events of a file in any supported format.

    Raises:
        ValueError: If there is none.
    """
    batch = first_events(read_events(path), events)
    if not len(batch):
        raise ValueError(f"{path} has no events")
    return Sample(label, len(batch), observables(batch))


def compare_samples(samples: Sequence[Sample], seed: int) -> list[Comparison]:
    """Every other sample against the first."""
    first, *others = samples
    return [_compared(first, other, seed) for other in others]


def table(comparisons: Sequence[Comparison]) -> str:
    """All comparisons as one Markdown table."""
    first = comparisons[0].first
    others = [comparison.second for comparison in comparisons]
    lines = [
        _row("", f"{first.label} (mean)", *(f"{other.label} (shift)" for other in others)),
        _row("---", *["---:"] * (1 + len(others))),
        _row("events", f"{first.events:,}", *(f"{other.events:,}" for other in others)),
    ]
    for name in TABLE:
        shifts = [comparison.shifts.get(name) for comparison in comparisons]
        means = [f"{one.mean:.4g}" for one in shifts if one]
        cells = [f"{one.sigmas:+.3f} +- {one.error:.3f}" if one else "" for one in shifts]
        lines.append(_row(name, means[0] if means else "", *cells))
    areas = [f"{one.separation.auc:.3f} +- {one.separation.error:.3f}" for one in comparisons]
    return "\n".join([*lines, _row("classifier AUC", "", *areas)])


def _compared(first: Sample, second: Sample, seed: int) -> Comparison:
    found = {name: shift(one, second.observables[name]) for name, one in first.observables.items()}
    shifts = {name: one for name, one in found.items() if one}
    return Comparison(first, second, shifts, separation(first.observables, second.observables, seed))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
