"""The page of a description (thesis, section 7.2, Figs. 7.2 to 7.4, 7.33, 7.34 and appendix B)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from events.objects import SYMBOLS
from training.evaluation.describe.description import Description, MaskCount, Multiplicity, Shape, Spectrum
from training.evaluation.describe.shapes import cumulative
from training.evaluation.pages.axes import axis_label, logarithmic_x, whole_numbers_x
from training.evaluation.pages.bins import Floats, beyond, counts_label, merged
from training.evaluation.pages.drawing import Drawing, drawing
from training.evaluation.pages.heatmap import heatmap
from training.evaluation.pages.page import render

_BINS: Final = 60
_MASKS: Final = 40


def description_page(description: Description) -> str:
    """The description as a self-contained HTML page."""
    masks, correlation = description.masks, np.array(description.correlation, np.float64)
    return render(
        "description.html",
        description=description,
        symbols=SYMBOLS,
        spectra={
            heading: [(spectrum, _spectrum(spectrum)) for spectrum in spectra]
            for heading, spectra in description.spectra.items()
        },
        multiplicities=[_multiplicity(one) for one in description.multiplicities],
        frequent=_masks("most frequent masks", masks.frequent, description.events),
        rare=_masks("most frequent of the rare masks", masks.rare, description.events),
        correlation=heatmap("Correlation heatmap", description.correlation_names, correlation),
    )


def _spectrum(spectrum: Spectrum) -> Drawing:
    text = f"Histogram of {spectrum.name}"
    if spectrum.shape:
        text += f" with the {spectrum.shape.name} shape"
    return drawing(text, lambda figure: _draw_spectrum(figure, spectrum))


def _draw_spectrum(figure: Figure, spectrum: Spectrum) -> None:
    axes = figure.subplots()
    low, *inside, high = spectrum.counts
    fine = np.log10(spectrum.edges) if spectrum.log_x else np.array(spectrum.edges)
    edges, counts = merged(fine, np.array(inside), at_most=_BINS)
    drawn = 10**edges if spectrum.log_x else edges
    axes.stairs(counts, drawn, fill=True, color="C0", alpha=0.35)
    axes.stairs(counts, drawn, color="C0")
    if spectrum.shape:
        _draw_shape(figure, spectrum.shape, edges, drawn, sum(spectrum.counts))
    axes.set(
        xlim=(drawn[0], drawn[-1]),
        ylim=(0, 1.35 * max(counts.max(), 1)),
        xlabel=axis_label(spectrum.label, spectrum.unit),
        ylabel=counts_label(drawn, spectrum.unit, log_x=spectrum.log_x),
    )
    if spectrum.log_x:
        logarithmic_x(axes, drawn[0], drawn[-1])
    if text := beyond(low, high):
        axes.text(0.97, 0.7, text, transform=axes.transAxes, ha="right", fontsize=10)


def _draw_shape(figure: Figure, shape: Shape, edges: Floats, drawn: Floats, entries: int) -> None:
    expected = entries * np.diff(cumulative(shape.name, edges, shape.mean, shape.spread))
    label = f"{shape.name}, $D$ = {shape.distance:.2g}"
    figure.axes[0].stairs(expected, drawn, color="C2", linestyle="--", label=label, baseline=None)
    figure.axes[0].legend(loc="upper right")


def _multiplicity(multiplicity: Multiplicity) -> Drawing:
    return drawing(
        f"Histogram of the {multiplicity.label.lower()}",
        lambda figure: _draw_multiplicity(figure, multiplicity),
    )


def _draw_multiplicity(figure: Figure, multiplicity: Multiplicity) -> None:
    axes = figure.subplots()
    events = np.array(multiplicity.events)
    numbers = np.arange(len(events))
    axes.stairs(events, np.arange(len(events) + 1) - 0.5, color="C0", fill=True, alpha=0.35, baseline=0.5)
    axes.errorbar(numbers, events, np.sqrt(events), fmt="k.")
    axes.set(yscale="log", ylim=(0.5, 5 * events.max()), xlabel=multiplicity.label, ylabel="Events")
    whole_numbers_x(axes)


def _masks(what: str, masks: Sequence[MaskCount], events: int) -> Drawing | None:
    shown = masks[:_MASKS]
    if not shown:
        return None
    text = f"Shares of the {len(shown)} {what}"
    return drawing(text, lambda figure: _draw_masks(figure, shown, events), size=(11, 4))


def _draw_masks(figure: Figure, masks: Sequence[MaskCount], events: int) -> None:
    axes = figure.add_axes((0.07, 0.25, 0.92, 0.72))
    counts = np.array([one.events for one in masks])
    places = np.arange(len(masks))
    axes.bar(places, 100 * counts / events, 0.8, yerr=100 * np.sqrt(counts) / events, color="C0", ecolor="k")
    axes.set_xticks(places, [mask_name(one.mask) for one in masks], rotation=90)
    axes.set(ylabel="Share of events [%]", xlim=(-0.6, len(masks) - 0.4))
    axes.tick_params(axis="x", which="both", length=0, labelsize=9)


def mask_name(mask: Sequence[int]) -> str:
    """A mask as physicists write a final state, such as ``4j 2b m-``."""
    present = [(n, symbol) for n, symbol in zip(mask, SYMBOLS, strict=True) if n]
    return " ".join(f"{n if n > 1 else ''}{symbol}" for n, symbol in present) or "none"
