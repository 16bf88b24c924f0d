"""A training run: a folder that holds everything from the configuration to the fitted networks."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from events.objects import SYMBOLS
from training.config import TrainingConfig
from training.data.tables import EVENT_FEATURES, EVENT_TABLE, OBJECT_FEATURES, Tables
from training.masks import MaskGenerator, build_mask_generator, occurring_types
from training.transform import Standardisation

_RUN_FILE: Final = "run.json"


class RunMismatchError(ValueError):
    """The folder holds a run with another configuration or other data."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run is made from; its products lie in its folder.

    Attributes:
        folder: The run's folder.
        process: Process ID, such as ``ttbar``.
        config: The tables of the configuration, as in TOML.
        generator: What produced the events.
        data: Digest of each data file, by name.
        events: Number of events of each split.
    """

    folder: Path
    process: str
    config: dict[str, Any]
    generator: str
    data: dict[str, str]
    events: dict[str, int]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The run that was begun in a folder.

        Raises:
            FileNotFoundError: If none was.
        """
        path = folder / _RUN_FILE
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist: begin a run with `eventmill-train train`")
        return cls(folder=folder, **json.loads(path.read_text()))

    def begin(self) -> None:
        """Write the run down, or make sure that the folder holds just this run, to go on with it.

        Raises:
            RunMismatchError: If the folder holds another run.
        """
        path = self.folder / _RUN_FILE
        stored = {name: value for name, value in asdict(self).items() if name != "folder"}
        if path.exists():
            found = json.loads(path.read_text())
            if differing := [name for name, value in stored.items() if found.get(name) != value]:
                raise RunMismatchError(
                    f"{self.folder} holds a run with another {', '.join(differing)}: "
                    "choose another --run folder, or remove this one to start afresh"
                )
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(stored, indent=2))
        partial.replace(path)

    @property
    def training_config(self) -> TrainingConfig:
        """The configuration, checked."""
        return TrainingConfig.from_dict(self.config)

    def network_folder(self, table: str) -> Path:
        """Where the checkpoints of a table's network lie."""
        return self.folder / "networks" / table

    def masks(self) -> MaskGenerator:
        """The mask generator of the training events."""
        with np.load(self.folder / "masks.npz") as stored:
            config = self.training_config
            return build_mask_generator(
                stored["masks"], frequent_share=config.frequent_share, max_objects=config.max_objects
            )

    def standardisations(self) -> dict[str, Standardisation]:
        """The scaling of each table, by its name: `event` and the symbols of the types that occur."""
        stored = json.loads((self.folder / "standardisation.json").read_text())
        return {
            table: Standardisation(*(tuple(values) for values in scaling.values()))
            for table, scaling in stored.items()
        }

    def prepare(self, tables: Tables, standardisations: dict[str, Standardisation]) -> None:
        """Keep what the export needs of the data: masks and scalings."""
        np.savez_compressed(self.folder / "masks.npz", masks=tables.masks().astype(np.int8))
        text = json.dumps({table: asdict(scaling) for table, scaling in standardisations.items()}, indent=2)
        (self.folder / "standardisation.json").write_text(text)

    def tables(self) -> tuple[str, ...]:
        """The tables to learn from: `event` and the object types that occur in a mask."""
        return (EVENT_TABLE, *(SYMBOLS[type_] for type_ in occurring_types(self.masks().masks)))


def features_of(table: str) -> tuple[str, ...]:
    """The features of a table's rows."""
    return EVENT_FEATURES if table == EVENT_TABLE else OBJECT_FEATURES
