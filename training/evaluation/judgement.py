"""What a judge finds, as plain data: nothing is computed here, and all of it goes through JSON and back.

Undefined numbers are None, never NaN, so that any JSON reader takes the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Self, TypeAlias

from pydantic import TypeAdapter

Verdict: TypeAlias = Literal["indistinguishable", "close", "far"]

_SIGMAS: Final = 2.0
_CLOSE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that says how far a sample is from truth.

    Attributes:
        name: Name in manifests and tables, such as ``AUC_trees``.
        label: What it is, for people.
        value: The number, for the sample against truth.
        error: Its statistical error.
        floor: The same number for other truth against truth at the same N; None if truth has none.
        floor_error: Its statistical error.
        ideal: What a perfect generator reaches with endless events; None if nothing is ideal.
        unit: Unit of all of them; empty if there is none.
    """

    name: str
    label: str
    value: float
    error: float
    floor: float | None = None
    floor_error: float = 0.0
    ideal: float | None = None
    unit: str = ""

    @property
    def verdict(self) -> Verdict | None:
        """How the sample does where truth itself sets the floor; None where there is no floor.

        ``indistinguishable``: nearer to the ideal than the floor, or within two combined errors of it.
        ``close``: at most 1.5 times as far from the ideal as the floor. ``far``: anything else.
        """
        if self.floor is None or self.ideal is None:
            return None
        distance, reach = abs(self.value - self.ideal), abs(self.floor - self.ideal)
        combined = (self.error**2 + self.floor_error**2) ** 0.5
        if distance <= reach or abs(self.value - self.floor) <= _SIGMAS * combined:
            return "indistinguishable"
        return "close" if distance <= _CLOSE * reach else "far"


@dataclass(frozen=True, slots=True)
class Histogram:
    """Truth and sample in the same bins.

    Attributes:
        name: Name of the feature or observable.
        label: Label of the axis without its unit; TeX between dollars.
        unit: Unit of the axis; empty if there is none.
        edges: Edges of the bins, n + 1.
        truth: Counts, n + 2: what lies below the first edge, the bins, what lies above the last.
        sample: Counts of the sample, likewise.
        log_x: Whether the bins are even in the logarithm.
    """

    name: str
    label: str
    unit: str
    edges: tuple[float, ...]
    truth: tuple[int, ...]
    sample: tuple[int, ...]
    log_x: bool = False


@dataclass(frozen=True, slots=True)
class FeatureDistances:
    """The thesis' distances of one feature (its eq. 6.1-6.4).

    Attributes:
        name: The feature, such as ``jet_1.pt``.
        events: How often truth has it.
        WD: Wasserstein distance.
        JS: Jensen-Shannon distance.
        KL: Kullback-Leibler divergence.
    """

    name: str
    events: int
    WD: Figure
    JS: Figure
    KL: Figure


@dataclass(frozen=True, slots=True)
class Shift:
    """The difference of an observable's mean, in standard deviations of truth.

    Attributes:
        name: Name of the observable.
        label: What it is, with its unit in brackets.
        truth: Mean of truth.
        sample: Mean of the sample.
        sigmas: Sample minus truth, in standard deviations of truth.
        error: Statistical error of that.
    """

    name: str
    label: str
    truth: float
    sample: float
    sigmas: float
    error: float


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson correlation matrices (thesis Fig. 7.4); None where too few events have both variables.

    Attributes:
        names: The variables, in order.
        truth: Rows of truth's matrix.
        sample: Rows of the sample's matrix.
    """

    names: tuple[str, ...]
    truth: tuple[tuple[float | None, ...], ...]
    sample: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Roc:
    """A receiver operating characteristic: `tpr` of truth is kept where `fpr` of the sample is."""

    fpr: tuple[float, ...]
    tpr: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """How much of a classifier's AUC is lost when one observable is shuffled among the events.

    Attributes:
        name: Name of the observable.
        label: What it is, with its unit in brackets.
        drop: Loss of AUC.
        error: Spread of the loss over shuffles.
    """

    name: str
    label: str
    drop: float
    error: float


@dataclass(frozen=True, slots=True)
class Classifier:
    """What a classifier that was trained to tell truth from sample found.

    Attributes:
        name: ``trees`` or ``mlp``.
        label: What it is, for people.
        roc: Its curve on test events.
        importances: The most telling observables, the most telling first; empty if not measured.
        weights: Calibrated weights p / (1 - p) of the test events of both; 1 for all if it can tell nothing.
    """

    name: str
    label: str
    roc: Roc
    importances: tuple[Importance, ...]
    weights: Histogram


@dataclass(frozen=True, slots=True)
class SampleProvenance:
    """Where events come from.

    Attributes:
        kind: A model on a shelf, a running service, or files.
        name: ``process/model``, the address or the files' names.
        events: Number of events judged.
        seed: Seed of the events, if they have one.
        digest: Model digest, or SHA-256 of the files.
        details: Anything else worth telling, by name.
    """

    kind: Literal["model", "service", "file"]
    name: str
    events: int
    seed: int | None
    digest: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timing:
    """What is never the same twice.

    Attributes:
        machine: Processor and number of cores.
        steps: Seconds of each step of the judge.
        ms_per_event: Time for 1,000 events over 1,000 (thesis eq. 6.7), if a model was sampled.
        events_per_second: Sustained rate of the sampler, if a model was sampled.
    """

    machine: str
    steps: Mapping[str, float]
    ms_per_event: float | None = None
    events_per_second: float | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that a judge found about a sample.

    The same events, truth and settings give the same judgement, but for `timing`, which does not take part in
    comparisons.

    Attributes:
        sample: What was judged.
        truth: What it was held against.
        reference: Other truth, which the floor is made of; None if there is no floor.
        settings: Options of the judge, by name.
        figures: Figures by heading, in the order of a report.
        features: The thesis' distances of each feature.
        shifts: Shifts of the observables.
        histograms: Distributions of features and observables.
        correlation: Correlation matrices.
        classifiers: What the classifiers found.
        versions: Versions of this judge and of the libraries it used.
        timing: Speed of the sampler and of the judge.
    """

    sample: SampleProvenance
    truth: SampleProvenance
    reference: SampleProvenance | None
    settings: Mapping[str, str | int | float | bool]
    figures: Mapping[str, tuple[Figure, ...]]
    features: tuple[FeatureDistances, ...]
    shifts: tuple[Shift, ...]
    histograms: tuple[Histogram, ...]
    correlation: Correlation
    classifiers: tuple[Classifier, ...]
    versions: Mapping[str, str]
    timing: Timing | None = field(default=None, compare=False)

    def figure(self, name: str) -> Figure:
        """The figure of that name.

        Raises:
            KeyError: If there is none; not every judgement has every figure.
        """
        for group in self.figures.values():
            for figure in group:
                if figure.name == name:
                    return figure
        raise KeyError(name)

    def to_json(self) -> str:
        """The judgement as one line of JSON."""
        return TypeAdapter(Judgement).dump_json(self).decode() + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The judgement that `to_json` wrote.

        Raises:
            pydantic.ValidationError: If the text is not one.
        """
        return TypeAdapter(cls).validate_json(text)
