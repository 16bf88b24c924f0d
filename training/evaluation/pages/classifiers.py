"""What classifiers found: their curves and the observables that they go by."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from training.evaluation.judgement import Classifier

_SHOWN: Final = 15


def roc_curves(figure: Figure, classifiers: Sequence[Classifier]) -> None:
    """Draw receiver operating characteristics; the diagonal is that of a perfect sample."""
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.5", linestyle="--", label="cannot tell")
    for number, one in enumerate(classifiers):
        axes.plot(one.roc.fpr, one.roc.tpr, color=f"C{number}", label=one.label)
    axes.set(
        xlim=(0, 1), ylim=(0, 1), xlabel="Share of the sample taken for truth", ylabel="Share of truth kept"
    )
    axes.legend(loc="lower right")


def importances(figure: Figure, classifier: Classifier) -> None:
    """Draw by how much the AUC drops when an observable is shuffled, the most telling first."""
    shown = classifier.importances[:_SHOWN]
    axes = figure.add_axes((0.52, 0.13, 0.44, 0.84))
    places = np.arange(len(shown))
    drops, errors = [one.drop for one in shown], [one.error for one in shown]
    axes.barh(places, drops, 0.7, xerr=errors, color="C0", ecolor="k")
    axes.set_yticks(places, [one.label for one in shown], fontsize=10)
    axes.tick_params(axis="y", which="both", length=0)
    axes.invert_yaxis()
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.ticklabel_format(axis="x", style="plain")
    axes.set(xlabel="Loss of AUC")
    axes.axvline(0, color="k", linewidth=0.8)
