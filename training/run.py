"""A training run: a folder that holds everything from the configuration to the fitted networks."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from training.config import TrainingConfig

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

    def network_folder(self, network: str) -> Path:
        """Where the checkpoints of a network lie."""
        return self.folder / "networks" / network
