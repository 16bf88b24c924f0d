"""Axes as the field draws them."""

from typing import Final

from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, NullLocator

_MANY_DECADES: Final = 2.5


def logarithmic_x(axes: Axes, low: float, high: float) -> None:
    """A logarithmic axis with plain numbers at its ticks: 20, 50, 100 rather than powers of ten."""
    axes.set(xscale="log", xlim=(low, high))
    labelled = (1.0,) if high > low * 10**_MANY_DECADES else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=labelled))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def whole_numbers_x(axes: Axes) -> None:
    """An axis of numbers of objects: ticks at whole numbers only."""
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.xaxis.set_minor_locator(NullLocator())


def axis_label(label: str, unit: str) -> str:
    """Label of an axis with its unit in brackets."""
    return f"{label} [{unit}]" if unit else label
