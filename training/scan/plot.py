"""The figures of a scan against what it varies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_LABELS: Final = {
    "WD": "Wasserstein distance",
    "JS": "Jensen-Shannon divergence",
    "KL": "Kullback-Leibler divergence",
    "IER": "Invalid events",
}


def draw_scan(rows: Sequence[Mapping[str, Any]], varied: Sequence[str], title: str, path: Path) -> None:
    """Draw each figure over the first varied value, with a line for each combination of the others.

    Args:
        rows: The table of the scan.
        varied: The keys of the grid.
        title: What the models are.
        path: A PNG or SVG file.
    """
    figure = Figure(figsize=(10, 7), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    for axes, name in zip(figure.subplots(2, 2).ravel(), _LABELS, strict=True):
        _draw(axes, rows, varied, name)
    figure.savefig(path, dpi=90, metadata={"Software": None} if path.suffix == ".png" else None)


def _draw(axes: Axes, rows: Sequence[Mapping[str, Any]], varied: Sequence[str], name: str) -> None:
    first, *others = varied
    places = list(dict.fromkeys(str(row[first]) for row in rows))
    lines = dict.fromkeys(tuple(str(row[key]) for key in others) for row in rows)
    for line in lines:
        of_line = [row for row in rows if tuple(str(row[key]) for key in others) == line]
        label = ", ".join(f"{key} {value}" for key, value in zip(others, line, strict=True)) or "model"
        axes.plot(
            [places.index(str(row[first])) for row in of_line],
            [row[name] for row in of_line],
            "o-",
            label=label,
        )
    if f"{name}_floor" in rows[0]:
        axes.axhline(rows[0][f"{name}_floor"], color="0.5", linestyle="--", label="truth against truth")
    axes.set(xlabel=first, ylabel=_LABELS[name], ylim=(0, None))
    axes.set_xticks(range(len(places)), places)
    axes.legend(frameon=False, fontsize="small")
