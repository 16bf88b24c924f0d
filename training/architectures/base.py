"""What every architecture of generators can do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from typing_extensions import override

from events.batch import Floats
from models.manifest import Manifest
from training.config import TrainingConfig, TuneConfig
from training.data.cache import Layout, Tables
from training.data.slots import SlotLayout
from training.progress import Progress
from training.run import Run


@dataclass(frozen=True, slots=True)
class Exported:
    """What an architecture has exported.

    Attributes:
        manifest: The manifest of its pipeline.
        fields: The manifest's fields that the architecture alone knows: description, reference, notes,
            max_objects and the graphs.
    """

    manifest: type[Manifest]
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WeightedRows:
    """Events of a model, and how much likelier truth is than the model.

    Attributes:
        rows: Of the table of slots.
        weights: Their mean is 1, [n].
    """

    rows: Floats
    weights: Floats


class Architecture(Protocol):
    """A way to learn and to generate events. It has no state: what it makes lies in the folder of the run."""

    def layout(self, config: TrainingConfig) -> Layout:
        """The tables that it learns from.

        Raises:
            ValueError: If the configuration cannot be used.
        """

    def prepare(self, run: Run, tables: Tables) -> None:
        """Keep what is needed of the data beyond the fits, such as scales."""

    def networks(self, run: Run, tables: Tables) -> list[str]:
        """The networks to fit, by name, those that take longest first."""

    def fit(self, run: Run, tables: Tables, network: str, report: Callable[[Progress], None]) -> None:
        """Fit a network, or go on where its fit was stopped. Called in a process of its own.

        Args:
            run: The run.
            tables: Its data.
            network: One of `networks`.
            report: To be called first with the progress so far, then after each epoch.
        """

    def finish(self, run: Run, tables: Tables) -> None:
        """Make what needs fitted networks and data, such as encodings. Called in a process of its own."""

    def export(self, run: Run, folder: Path) -> Exported:
        """Write the files of the artefact to an empty folder.

        Raises:
            FileNotFoundError: If a network has not been trained.
            ParityError: If a graph differs from the network it comes from.
        """


@runtime_checkable
class Tunable(Architecture, Protocol):
    """An architecture of whole events that can learn from weighted events of its own, in rounds."""

    @override
    def layout(self, config: TrainingConfig) -> SlotLayout:
        """Slots for any type."""

    def rounds(self, run: Run) -> Sequence[TuneConfig]:
        """How a run is to be tuned, round by round."""

    def tuned(self, run: Run) -> int:
        """Rounds that are done."""

    def tune(
        self,
        run: Run,
        train: WeightedRows,
        validation: WeightedRows,
        report: Callable[[Progress], None],
    ) -> None:
        """Do the next round, or go on where it was stopped.

        Args:
            run: The run.
            train: Events of the model that the last round gave.
            validation: More of them.
            report: To be called first with the progress so far, then after each epoch.
        """
