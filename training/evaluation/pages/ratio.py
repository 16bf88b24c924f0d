"""Distributions of truth and samples above, their ratios below, with statistical errors."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import Final

import numpy as np
from hist.intervals import poisson_interval
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.evaluation.judgement import Histogram
from training.evaluation.pages.axes import axis_label, logarithmic_x, whole_numbers_x
from training.evaluation.pages.bins import Floats, beyond, counts_label

_COLOURS: Final = ("C2", "C0", "C1", "C3")
_LOG_Y_RANGE: Final = 300.0
_HALF_WIDTHS: Final = (0.1, 0.2, 0.5, 1.0)
_PRECISE: Final = 0.1
_LONG_LABEL: Final = 45
_SPACING: Final = {"hspace": 0.07, "bottom": 0.13}


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a sample in the bins of a histogram, and what they become when they are drawn.

    Attributes:
        label: Name of the sample.
        low: Entries below the bins times the scale.
        high: Entries above the bins times the scale.
        values: Counts times the scale.
        interval: Ends of the central 68 % intervals (Garwood) of the same, NaN where nothing was counted,
            float64[2, n].
    """

    label: str
    low: int
    high: int
    values: Floats
    interval: Floats

    @classmethod
    def of(cls, label: str, counts: Sequence[int], scale: float = 1.0) -> "Counts":
        """Counts with underflow and overflow, as in `Histogram.truth`."""
        low, *inside, high = counts
        values = np.array(inside, np.float64)
        interval = np.where(values > 0, poisson_interval(values), np.nan)
        return cls(label, round(low * scale), round(high * scale), values * scale, interval * scale)


def ratio_panels(figure: Figure, histogram: Histogram, truth: Counts, samples: Sequence[Counts]) -> None:
    """Draw truth as points, samples as lines, and their ratios to truth.

    A triangle stands for a ratio beyond the axis.

    Args:
        figure: An empty figure.
        histogram: The bins and the label of the axis.
        truth: Counts of truth.
        samples: Counts of the samples, scaled to truth.
    """
    edges, centres = np.array(histogram.edges), _centres(histogram)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1), gridspec_kw=_SPACING)
    _draw_truth(top, bottom, edges, truth, centres)
    half = _half_width(truth, samples)
    bottom.set_ylim(1 - half, 1 + half)
    for sample, colour in zip(samples, cycle(_COLOURS), strict=False):
        top.stairs(sample.values, edges, color=colour, label=sample.label)
        _band(top, edges, sample.interval, colour)
        _draw_ratio(bottom, edges, sample, truth, colour, centres)
    _finish_top(top, histogram, truth, samples)
    _finish_bottom(bottom, histogram)


def _draw_truth(top: Axes, bottom: Axes, edges: Floats, truth: Counts, centres: Floats) -> None:
    filled = truth.values > 0
    bars = np.abs(truth.interval - truth.values)[:, filled]
    top.errorbar(
        centres[filled], truth.values[filled], bars, fmt="ko", label=truth.label, elinewidth=1, zorder=5
    )
    _band(bottom, edges, _over(truth.interval, truth), "0.5")
    bottom.axhline(1, color="k", linewidth=0.8)


def _draw_ratio(
    axes: Axes, edges: Floats, sample: Counts, truth: Counts, colour: str, centres: Floats
) -> None:
    ratio = _over(sample.values, truth)
    axes.stairs(ratio, edges, baseline=None, color=colour)
    _band(axes, edges, _over(sample.interval, truth), colour)
    low, high = axes.get_ylim()
    for beyond_end, end, marker in ((ratio > high, high, "^"), (ratio < low, low, "v")):
        axes.plot(
            centres[beyond_end], np.full(beyond_end.sum(), end), marker, color=colour, clip_on=False, zorder=6
        )


def _band(axes: Axes, edges: Floats, interval: Floats, colour: str) -> None:
    axes.stairs(interval[1], edges, baseline=interval[0], fill=True, color=colour, alpha=0.3, linewidth=0)


def _finish_top(axes: Axes, histogram: Histogram, truth: Counts, samples: Sequence[Counts]) -> None:
    drawn = np.concatenate([one.values for one in (truth, *samples)])
    highest = drawn.max(initial=1.0)
    lowest = drawn[drawn > 0].min(initial=highest)
    # Both leave room for the legend.
    if highest > _LOG_Y_RANGE * lowest:
        axes.set(yscale="log", ylim=(0.5 * lowest, highest * (highest / lowest) ** 0.45))
    else:
        axes.set(ylim=(0, 1.45 * highest))
    edges = np.array(histogram.edges)
    axes.set_ylabel(counts_label(edges, histogram.unit, log_x=histogram.log_x, what="Events"))
    handles, labels = axes.get_legend_handles_labels()
    # Matplotlib puts error bars last; truth comes first.
    axes.legend(handles[-1:] + handles[:-1], labels[-1:] + labels[:-1], loc="upper right")
    if text := _beyond(truth, samples):
        axes.text(0.03, 0.96, text, transform=axes.transAxes, va="top", fontsize=7)


def _finish_bottom(axes: Axes, histogram: Histogram) -> None:
    edges = np.array(histogram.edges)
    label = axis_label(histogram.label, histogram.unit)
    axes.set(ylabel="Ratio", xlim=(edges[0], edges[-1]))
    axes.set_xlabel(label, fontsize="medium" if len(label) < _LONG_LABEL else "small")
    if histogram.log_x:
        logarithmic_x(axes, edges[0], edges[-1])
    elif np.allclose(edges % 1, 0.5):
        whole_numbers_x(axes)


def _beyond(truth: Counts, samples: Sequence[Counts]) -> str:
    """What lies outside of the bins, a line each."""
    texts = [(one.label, beyond(one.low, one.high)) for one in (truth, *samples)]
    return "\n".join(f"{label}: {text}" for label, text in texts if text)


def _half_width(truth: Counts, samples: Sequence[Counts]) -> float:
    """The least of the usual ranges of a ratio axis that holds truth's errors and all precise bins."""
    filled = truth.values > 0
    errors = _over(truth.interval[1] - truth.values, truth)[filled]
    away = [np.abs(_over(one.values, truth)[filled] - 1)[errors < _PRECISE].max(initial=0) for one in samples]
    least = max(2 * float(np.median(errors)) if len(errors) else 0.0, *away, 0.0)
    return next((half for half in _HALF_WIDTHS if least < half), _HALF_WIDTHS[-1])


def _over(values: Floats, truth: Counts) -> Floats:
    """Values over those of truth; NaN where truth has none."""
    ratio = np.full(values.shape, np.nan)
    np.divide(values, truth.values, where=truth.values > 0, out=ratio)
    return ratio


def _centres(histogram: Histogram) -> Floats:
    low, high = np.array(histogram.edges[:-1]), np.array(histogram.edges[1:])
    centres: Floats = np.sqrt(low * high) if histogram.log_x else (low + high) / 2
    return centres
