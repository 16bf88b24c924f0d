"""A picture of a latent space."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from training.latent.study import OBSERVABLES, LatentStudy


def draw_study(study: LatentStudy, path: Path) -> None:
    """Draw the variance of the components, the encodings along two, and what changes along the first ones.

    Args:
        study: What was found.
        path: A PNG file.
    """
    figure = Figure(figsize=(13, 7), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(f"Latent space of {study.model}")
    (variance, cloud, first), (second, third, fourth) = figure.subplots(2, 3)
    _draw_variance(variance, study)
    _draw_cloud(cloud, figure, study)
    for axes, (name, label) in zip((first, second, third, fourth), OBSERVABLES.items(), strict=True):
        for i, traversal in enumerate(study.traversals):
            axes.plot(study.positions, traversal[name], label=f"component {i + 1}")
        axes.set(xlabel="Position along the component [std. dev.]", ylabel=label)
        axes.legend(frameon=False, fontsize="small")
    figure.savefig(path, dpi=90, metadata={"Software": None})


def _draw_variance(axes: Axes, study: LatentStudy) -> None:
    shares = np.cumsum(study.variance) / np.sum(study.variance)
    axes.plot(np.arange(1, len(shares) + 1), shares, "o-", markersize=3)
    axes.set(xlabel="Principal components", ylabel="Share of the variance", ylim=(0, 1.02))


def _draw_cloud(axes: Axes, figure: Figure, study: LatentStudy) -> None:
    x, y, sums = np.array(study.cloud).T
    norm = (
        LogNorm(max(sums[sums > 0].min(initial=np.inf), 1), max(sums.max(), 10)) if (sums > 0).any() else None
    )
    points = axes.scatter(x, y, c=np.maximum(sums, 1), s=3, norm=norm, rasterized=True)
    axes.set(xlabel="Component 1 [std. dev.]", ylabel="Component 2 [std. dev.]")
    figure.colorbar(points, ax=axes, label=OBSERVABLES["scalar_sum"])
