"""Correlation matrices as heatmaps (thesis Fig. 7.4)."""

from collections.abc import Sequence
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from training.evaluation.pages.drawing import Drawing, drawing

Matrix: TypeAlias = npt.NDArray[np.float64]

_SIZE: Final = (7.2, 6.1)
_COLOURS: Final = 256


def heatmap(
    text: str, names: Sequence[str], matrix: Matrix, *, limit: float = 1.0, sign: str = ""
) -> Drawing:
    """A matrix with its numbers; what is not defined (NaN) stays white.

    Args:
        text: What it shows.
        names: Names of rows and columns.
        matrix: The numbers, float64[v, v].
        limit: Where the colours end, at both sides of 0.
        sign: ``+`` to write the sign of positive numbers too.
    """
    return drawing(
        text, lambda figure: _draw(figure, names, matrix, limit, sign), size=_SIZE, colours=_COLOURS
    )


def _draw(figure: Figure, names: Sequence[str], matrix: Matrix, limit: float, sign: str) -> None:
    axes = figure.add_axes((0.16, 0.17, 0.68, 0.81))
    image = axes.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ticks = np.arange(len(names))
    axes.set_xticks(ticks, names, rotation=90)
    axes.set_yticks(ticks, names)
    axes.tick_params(which="both", length=0, labelsize=10)
    for row, column in np.argwhere(np.isfinite(matrix)):
        value = matrix[row, column]
        colour = "white" if abs(value) > 0.65 * limit else "black"
        # A rounded -0 is a 0.
        text = f"{round(value, 2) + 0.0:{sign}.2f}"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    figure.colorbar(image, cax=figure.add_axes((0.86, 0.25, 0.03, 0.65)))
