"""A judgement as tables for people, in Markdown."""

from collections.abc import Iterator, Sequence
from typing import Final

from training.evaluation.judgement import Figure, Judgement, Shift

SHIFTS: Final = (
    *("met", "n_objects", "n_jet", "n_b_jet", "n_electron", "n_positron", "n_muon", "n_antimuon", "n_photon"),
    *("ht", "imbalance", "jet_1_pt", "jet_2_pt", "jet_3_pt", "b_jet_1_pt", "electron_1_pt", "muon_1_pt"),
    *("photon_1_pt", "jet_1_m_over_pt", "jet_2_m_over_pt", "jet_3_m_over_pt", "closest_jets"),
)
"""Observables whose shifts the table shows; a judgement holds all."""

_TELLING: Final = 5


def table(judgement: Judgement) -> str:
    """The figures, what the trees tell the samples apart by, and shifts of means."""
    parts = (_title, _figures, _telling, _shifts)
    return "\n\n".join("\n".join(part(judgement)) for part in parts)


def _title(judgement: Judgement) -> Iterator[str]:
    sample, truth = judgement.sample, judgement.truth
    seed = "" if sample.seed is None else f", seed {sample.seed}"
    yield f"{sample.name} ({sample.events:,} events{seed}) against {truth.name} ({truth.events:,} events)"
    if judgement.timing and judgement.timing.ms_per_event is not None:
        rate = judgement.timing.events_per_second or 0.0
        yield f"{judgement.timing.ms_per_event:.4g} ms/event for 1,000 events; sustained {rate:,.0f} events/s"


def _figures(judgement: Judgement) -> Iterator[str]:
    yield from _rows(
        ("figure", "sample", "truth against truth", "verdict"),
        [
            row
            for heading, figures in judgement.figures.items()
            for row in ((f"**{heading}**", "", "", ""), *map(_figure, figures))
        ],
    )


def _figure(one: Figure) -> tuple[str, ...]:
    floor = "" if one.floor is None else _with_error(one.floor, one.floor_error)
    return one.name, _with_error(one.value, one.error), floor, one.verdict or ""


def _telling(judgement: Judgement) -> Iterator[str]:
    for classifier in judgement.classifiers:
        if classifier.importances:
            yield from _rows(
                (f"what {classifier.label} tell by", "loss of AUC if shuffled"),
                [(one.label, _with_error(one.drop, one.error)) for one in classifier.importances[:_TELLING]],
            )


def _shifts(judgement: Judgement) -> Iterator[str]:
    yield from _rows(
        ("mean of", "truth", "sample", "shift in standard deviations"),
        [_shift(one) for one in judgement.shifts if one.name in SHIFTS],
    )


def _shift(one: Shift) -> tuple[str, ...]:
    return one.name, f"{one.truth:.4g}", f"{one.sample:.4g}", f"{one.sigmas:+.3f} +- {one.error:.3f}"


def _with_error(value: float, error: float) -> str:
    return f"{value:.5g} +- {error:.2g}" if error else f"{value:.5g}"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, ["-" * width for width in widths], *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"| {' | '.join(cells)} |"
