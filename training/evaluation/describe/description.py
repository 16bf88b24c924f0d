"""The description of a sample as plain data, through JSON and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from pydantic import TypeAdapter

ShapeName: TypeAlias = Literal["log-normal", "uniform"]


@dataclass(frozen=True, slots=True)
class Shape:
    """A known distribution held against the values of a spectrum.

    Attributes:
        name: What it is.
        mean: Mean of log10 of the values in GeV for the log-normal, of the values for the uniform.
        spread: Standard deviation of the same.
        distance: Largest difference of the cumulative distributions (Kolmogorov and Smirnov), in [0, 1].
        noise: What a sample of that shape and size stays below in 95 % of the cases.
    """

    name: ShapeName
    mean: float
    spread: float
    distance: float
    noise: float

    @property
    def fits(self) -> bool:
        """Whether the sample is too small to show that it is not of that shape."""
        return self.distance <= self.noise


@dataclass(frozen=True, slots=True)
class Spectrum:
    """The distribution of one feature.

    Attributes:
        name: Name of the feature, such as ``jet.pt``.
        label: Label of the axis without its unit; TeX between dollars.
        unit: Unit of the axis; empty if there is none.
        edges: Edges of the bins, n + 1, from the first bin with an entry to the last.
        counts: Counts, n + 2: what lies below the first edge, the bins, what lies above the last.
        log_x: Whether the bins are even in the logarithm.
        shape: The known distribution that the thesis sees in it, or None.
    """

    name: str
    label: str
    unit: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    log_x: bool
    shape: Shape | None


@dataclass(frozen=True, slots=True)
class Multiplicity:
    """How many events have 0, 1, 2, ... objects of a kind.

    Attributes:
        name: Name of the kind, such as ``b_jet``; ``object`` for all together.
        label: Label of the axis.
        events: Number of events by number of objects, from 0.
    """

    name: str
    label: str
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MaskCount:
    """A numerical mask, objects of each type in the order of `ObjectType`, and the events that have it."""

    mask: tuple[int, ...]
    events: int


@dataclass(frozen=True, slots=True)
class MaskTable:
    """The masks of a sample, split as the thesis' generator splits them (its section 7.5.2).

    Attributes:
        frequent_share: Share of the events that the frequent masks may cover together.
        frequent: The frequent masks, most frequent first.
        rare: The most frequent ones of the others.
        n_rare: Number of the others, shown or not.
        rare_events: Events that have one of the others.
    """

    frequent_share: float
    frequent: tuple[MaskCount, ...]
    rare: tuple[MaskCount, ...]
    n_rare: int
    rare_events: int


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that was read.

    Attributes:
        name: Its name without the folder.
        sha256: Its digest.
        events: Events read.
        skipped: Lines that were not events and were left out.
        generator: What made the events, as far as known.
    """

    name: str
    sha256: str
    events: int
    skipped: int
    generator: str


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that one pass over a sample tells. Events are counted without their weights.

    Attributes:
        files: What was read.
        processes: Events by process ID.
        events: Number of events.
        invalid_events: Events that fail the selection criteria.
        objects: Objects by name of their type.
        spectra: Distributions by heading: event features, then those of each object type that occurs.
        multiplicities: Numbers of objects, of all and of each type that occurs.
        masks: Numerical masks.
        correlation_names: Variables of the correlation matrix (thesis Fig. 7.4).
        correlation: Its rows; None where too few events have both variables.
    """

    files: tuple[SourceFile, ...]
    processes: Mapping[str, int]
    events: int
    invalid_events: int
    objects: Mapping[str, int]
    spectra: Mapping[str, tuple[Spectrum, ...]]
    multiplicities: tuple[Multiplicity, ...]
    masks: MaskTable
    correlation_names: tuple[str, ...]
    correlation: tuple[tuple[float | None, ...], ...]

    def to_json(self) -> str:
        """The description as indented JSON."""
        return TypeAdapter(Description).dump_json(self, indent=1).decode() + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """The description that `to_json` wrote.

        Raises:
            pydantic.ValidationError: If the text is not one.
        """
        return TypeAdapter(cls).validate_json(text)
