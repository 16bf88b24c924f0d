"""The page of a judgement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from training.evaluation.judgement import Classifier, Correlation, Histogram, Judgement, Verdict
from training.evaluation.pages.classifiers import importances, roc_curves
from training.evaluation.pages.drawing import Drawing, drawing
from training.evaluation.pages.heatmap import heatmap
from training.evaluation.pages.page import render
from training.evaluation.pages.ratio import Counts, ratio_panels
from training.evaluation.thesis import thesis_rows

_RATIO_PANEL: Final = (3.9, 4.2)
_IMPORTANCES: Final = (6.4, 4.2)
_VERDICTS: Final[tuple[Verdict, ...]] = ("indistinguishable", "close", "far")


@dataclass(frozen=True, slots=True)
class ClassifierDrawings:
    """What is drawn of a classifier."""

    label: str
    weights: Drawing
    importances: Drawing | None


def judgement_page(judgement: Judgement) -> str:
    """The judgement as a self-contained HTML page."""
    curves = judgement.classifiers
    return render(
        "judgement.html",
        judgement=judgement,
        verdicts=tally(judgement),
        named={figure.name: figure for group in judgement.figures.values() for figure in group},
        thesis=thesis_rows(),
        shifts=sorted(judgement.shifts, key=lambda one: -abs(one.sigmas)),
        histograms=[_histogram(one, judgement) for one in judgement.histograms],
        correlations=_correlations(judgement.correlation),
        roc=drawing("ROC curves", lambda figure: roc_curves(figure, curves)) if curves else None,
        classifiers=[_classifier(one) for one in judgement.classifiers],
    )


def tally(judgement: Judgement) -> Mapping[Verdict, int]:
    """How many figures have each verdict."""
    found = [figure.verdict for group in judgement.figures.values() for figure in group]
    return {verdict: found.count(verdict) for verdict in _VERDICTS}


def _histogram(histogram: Histogram, judgement: Judgement) -> Drawing:
    truth = Counts.of("Truth", histogram.truth)
    scale = judgement.truth.events / judgement.sample.events
    sample = Counts.of("Sample", histogram.sample, scale)
    return drawing(
        f"Histogram of {histogram.name}, truth and sample",
        lambda figure: ratio_panels(figure, histogram, truth, [sample]),
        size=_RATIO_PANEL,
    )


def _classifier(one: Classifier) -> ClassifierDrawings:
    weights = one.weights
    return ClassifierDrawings(
        label=one.label,
        weights=drawing(
            f"Histogram of the weights of {one.label}",
            lambda figure: ratio_panels(
                figure, weights, Counts.of("Truth", weights.truth), [Counts.of("Sample", weights.sample)]
            ),
            size=_RATIO_PANEL,
        ),
        importances=drawing(
            f"The most telling observables for {one.label}",
            lambda figure: importances(figure, one),
            size=_IMPORTANCES,
        )
        if one.importances
        else None,
    )


def _correlations(correlation: Correlation) -> list[Drawing]:
    truth, sample = (np.array(rows, np.float64) for rows in (correlation.truth, correlation.sample))
    difference = sample - truth
    limit = max(0.1, float(np.nanmax(np.abs(difference), initial=0.0)))
    names = correlation.names
    return [
        heatmap("Correlations of truth", names, truth),
        heatmap("Correlations of the sample", names, sample),
        heatmap("Sample minus truth", names, difference, limit=limit, sign="+"),
    ]
