"""The figure of a comparison: distributions above, ratios to the first sample below."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from training.compare.report import Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANELS: Final[Mapping[str, tuple[float, float, int]]] = {
    "met": (0, 240, 24),
    "n_objects": (0.5, 11.5, 11),
    "jet_1_pt": (0, 400, 20),
    "jet_1_m_over_pt": (0, 0.45, 18),
    "jet_3_m_over_pt": (0, 0.45, 18),
    "closest_jets": (0.2, 2.6, 24),
}
"""Observables that the figure shows, with range and number of bins."""

_COLUMNS: Final = 3


def draw(samples: Sequence[Sample], path: Path) -> None:
    """Draw the samples into a file; its ending gives the format.

    The first sample is drawn as points, the others as lines, each as shares of its events. Error bars and
    bands are statistical.
    """
    import matplotlib as mpl  # noqa: PLC0415
    import mplhep  # noqa: PLC0415

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    style = {"font.size": 15, "legend.fontsize": 15, "svg.hashsalt": "eventmill"}
    with plt.style.context([mplhep.style.ROOT, style]):
        rows = -(-len(PANELS) // _COLUMNS)
        figure = plt.figure(figsize=(6 * _COLUMNS, 6 * rows))
        grid = figure.add_gridspec(rows, _COLUMNS, left=0.06, right=0.98, bottom=0.06, top=0.98, wspace=0.28)
        for panel, (name, (low, high, bins)) in enumerate(PANELS.items()):
            inner = grid[panel].subgridspec(2, 1, height_ratios=[3, 1], hspace=0.08)
            top = figure.add_subplot(inner[0])
            bottom = figure.add_subplot(inner[1], sharex=top)
            _panel(top, bottom, samples, name, np.linspace(low, high, bins + 1))
        _legend(figure.axes[0])
        figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=100)
        plt.close(figure)


def _legend(axes: "Axes") -> None:
    """The legend, with the first sample first."""
    entries = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    labels = sorted(entries, key=lambda label: not hasattr(entries[label], "has_yerr"))
    axes.legend([entries[label] for label in labels], labels)


def _panel(
    top: "Axes", bottom: "Axes", samples: Sequence[Sample], name: str, edges: npt.NDArray[np.float64]
) -> None:
    centres = (edges[:-1] + edges[1:]) / 2
    reference, reference_error = _density(samples[0].observables[name].values, edges)
    top.errorbar(
        centres, reference, reference_error, fmt="ko", markersize=4, label=samples[0].label, zorder=5
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        bottom.errorbar(
            centres, reference / reference, reference_error / reference, fmt="ko", markersize=4, zorder=5
        )
        for number, sample in enumerate(samples[1:]):
            density, error = _density(sample.observables[name].values, edges)
            colour = f"C{number}"
            top.stairs(density, edges, color=colour, linewidth=2, label=sample.label)
            ratio, band = density / reference, error / reference
            bottom.stairs(ratio, edges, color=colour, linewidth=2)
            bottom.stairs(ratio + band, edges, baseline=ratio - band, color=colour, fill=True, alpha=0.3)
    first = samples[0].observables[name]
    top.set(ylabel="Fraction of events / bin", xlim=(edges[0], edges[-1]), ylim=(0, None))
    top.tick_params(labelbottom=False)
    bottom.axhline(1, color="0.5", linewidth=1)
    bottom.set(
        xlabel=first.label,
        ylabel=f"Ratio to\n{samples[0].label}",
        xlim=(edges[0], edges[-1]),
        ylim=(0.5, 1.5),
    )


def _density(
    values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The share of the events that have the observable in each bin, and its statistical error."""
    finite = values[np.isfinite(values)]
    counts, _ = np.histogram(finite, edges)
    return counts / len(finite), np.sqrt(counts) / len(finite)
