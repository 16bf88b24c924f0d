"""Every figure of one sample against another: the sample against truth, or truth against truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from events.batch import EventBatch
from training.evaluation.classifiers import KINDS, two_sample_test
from training.evaluation.correlations import correlate
from training.evaluation.distances import distances_with_errors
from training.evaluation.judgement import Classifier, Correlation, FeatureDistances, Figure
from training.evaluation.masses import window_figures
from training.evaluation.matrix import VECTOR, Matrix, Standardiser, columns
from training.evaluation.multiplicity import multiplicity_figures
from training.evaluation.neighbours import neighbour_figures
from training.evaluation.observables import Observable, observables
from training.evaluation.physics_distances import frechet_figure, kernel_figure, sliced_wasserstein_figure
from training.evaluation.progress import Steps
from training.evaluation.resampling import Batches
from training.evaluation.validity import validity_figures

MEASURE_STEPS: Final = 7
"""Number of steps of `measure`."""

_CANDIDATES: Final = ("w_mass", "top_mass")


@dataclass(frozen=True, slots=True)
class Effort:
    """How much to compute, where more costs more than it tells.

    Attributes:
        kernel: Batches of the kernel distance.
        neighbours: Batches of precision, recall, density and coverage.
        memorised: Events whose nearest training event is looked for.
        few_events: With fewer events than this, a classifier is trained five times to be tested on all.
    """

    kernel: Batches
    neighbours: Batches
    memorised: int
    few_events: int


FULL: Final = Effort(Batches(10, 5000), Batches(5, 4000), 4000, 20_000)
QUICK: Final = Effort(Batches(5, 2000), Batches(5, 1000), 1000, 0)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two samples.

    Attributes:
        events: Its events.
        observables: What they are compared in.
    """

    events: EventBatch
    observables: Mapping[str, Observable]

    @classmethod
    def of(cls, events: EventBatch) -> Self:
        """Compute the observables."""
        return cls(events, observables(events))

    def points(self, standardiser: Standardiser) -> Matrix:
        """The events as points in space, float64[n, d]."""
        return standardiser(columns(self.observables, VECTOR))


@dataclass(frozen=True, slots=True)
class Findings:
    """What one sample shows against another.

    Attributes:
        figures: Figures by heading, without floors.
        features: Distances of each feature.
        correlation: Both correlation matrices.
        classifiers: What the classifiers found.
    """

    figures: Mapping[str, tuple[Figure, ...]]
    features: tuple[FeatureDistances, ...]
    correlation: Correlation
    classifiers: tuple[Classifier, ...]


def measure(
    truth: Side, sample: Side, effort: Effort, steps: Steps, *, seed: int, jet_radius: float, explain: bool
) -> Findings:
    """All figures of a sample against truth.

    Args:
        truth: The true events.
        sample: What is held against them.
        effort: How much to compute.
        steps: Told of every step.
        seed: Of every random draw.
        jet_radius: Radius of the jet clustering.
        explain: Whether to measure what the boosted trees tell the samples by, which takes as long again.
    """
    rngs = np.random.default_rng(seed).spawn(6)
    with steps("distances of features"):
        features, thesis = distances_with_errors(truth.events, sample.events, rngs[0])
    with steps("correlations"):
        correlation, differences = correlate(truth.events, sample.events, rngs[1])
    tests = []
    for kind in KINDS:
        with steps(kind.label):
            found = two_sample_test(
                kind,
                truth.observables,
                sample.observables,
                seed,
                few_events=effort.few_events,
                explain=explain and kind.name == "trees",
            )
            tests.append(found)
    with steps("distances of events"):
        standardiser = Standardiser.of(columns(truth.observables, VECTOR))
        points = truth.points(standardiser), sample.points(standardiser)
        distances = (
            frechet_figure(*points, rngs[2]),
            kernel_figure(*points, effort.kernel, rngs[3]),
            sliced_wasserstein_figure(*points, rngs[4]),
        )
    with steps("neighbours"):
        neighbours = tuple(neighbour_figures(*points, effort.neighbours, rngs[5]))
    with steps("counts, masses and validity"):
        masses = [{name: side.observables[name].values for name in _CANDIDATES} for side in (truth, sample)]
        closest = sample.observables["closest_jets"]
        figures = {
            "Thesis": thesis,
            "Classifiers": tuple(figure for figure, _ in tests),
            "Distances of events": distances,
            "Neighbours": neighbours,
            "Correlations": differences,
            "Masses": tuple(window_figures(*masses)),
            "Validity": tuple(validity_figures(sample.events, closest, jet_radius)),
            "Numbers of objects": tuple(multiplicity_figures(truth.observables, sample.observables)),
        }
    return Findings(figures, features, correlation, tuple(classifier for _, classifier in tests))
