"""Chosen distributions of several samples and one truth, as a figure for a paper or a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from training.evaluation.judgement import Judgement
from training.evaluation.pages.drawing import style
from training.evaluation.pages.ratio import Counts, ratio_panels

_COLUMNS: Final = 3
_PANEL: Final = (4.6, 4.6)


def draw_overlay(
    judgements: Mapping[str, Judgement], names: Sequence[str], path: Path, *, truth: str = "Truth"
) -> None:
    """Draw distributions into a file, whose ending gives the format: .png, .svg or .pdf.

    Args:
        judgements: Judgements of samples by the samples' labels, all against the same truth.
        names: Names of the histograms to draw, a panel each.
        path: The file.
        truth: Label of truth.

    Raises:
        ValueError: If the judgements are not against the same truth, or lack a histogram.
    """
    first, *others = judgements.values()
    if any(other.truth != first.truth for other in others):
        raise ValueError("the judgements are not against the same truth")
    found = [{one.name: one for one in judgement.histograms} for judgement in judgements.values()]
    if missing := set(names) - found[0].keys():
        raise ValueError(f"no histogram {', '.join(sorted(missing))}; there are: {', '.join(found[0])}")
    scales = [judgement.truth.events / judgement.sample.events for judgement in judgements.values()]
    rows = -(-len(names) // _COLUMNS)
    with style():
        figure = Figure(figsize=(_COLUMNS * _PANEL[0], rows * _PANEL[1]))
        panels = figure.subfigures(rows, _COLUMNS, squeeze=False).flat
        for panel, name in zip(panels, names, strict=False):
            histograms = [one[name] for one in found]
            counts = [
                Counts.of(label, one.sample, scale)
                for label, one, scale in zip(judgements, histograms, scales, strict=True)
            ]
            ratio_panels(panel, histograms[0], Counts.of(truth, histograms[0].truth), counts)
        figure.savefig(path, dpi=100, metadata={"Date": None} if path.suffix == ".svg" else None)
