"""Binned counts made ready to be drawn."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


def merged(edges: Floats, counts: Ints, *, at_most: int) -> tuple[Floats, Ints]:
    """Neighbouring bins merged, all the same number, until there are no more than `at_most`.

    The last merged bin may reach over the last edge, by bins that are empty.

    Args:
        edges: Edges of bins of even width, float64[n + 1].
        counts: Their counts without overflow, int64[n].
        at_most: The most bins.
    """
    together = -(-len(counts) // at_most)
    missing = -len(counts) % together
    width = edges[-1] - edges[-2]
    edges = np.concatenate((edges, edges[-1] + width * np.arange(1, missing + 1)))
    counts = np.concatenate((counts, np.zeros(missing, counts.dtype)))
    return edges[::together], counts.reshape(-1, together).sum(axis=1)


def counts_label(edges: Floats, unit: str, *, log_x: bool, what: str = "Entries") -> str:
    """Label of the axis of counts, which tells the width of a bin where all have the same."""
    widths = np.diff(np.log10(edges) if log_x else edges)
    if not np.allclose(widths, widths[0], rtol=1e-3):
        return f"{what} / bin"
    if log_x:
        return rf"{what} / {widths[0]:.2g} in $\log_{{10}}$"
    if unit == "" and np.isclose(widths[0], 1):
        return what
    return f"{what} / {widths[0]:.3g} {unit}".rstrip()


def beyond(low: int, high: int) -> str:
    """What is told of entries outside of the bins; empty if there are none."""
    parts = [f"{low:,} below"] * bool(low) + [f"{high:,} above"] * bool(high)
    return ", ".join(parts)
