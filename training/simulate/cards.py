"""Process cards: what to collide, one TOML file a process in the folder ``processes``."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from training.simulate.spectrum import stop_spectrum


class UnknownProcessError(ValueError):
    """There is no card of that name."""


@dataclass(frozen=True, slots=True)
class StopMasses:
    """Masses in GeV of a simplified model of top-squark pair production."""

    stop: float
    neutralino: float


@dataclass(frozen=True, slots=True)
class ProcessCard:
    """A physics process.

    Attributes:
        name: The process ID in event files, and the name of the card file.
        description: One line for people.
        settings: Lines that Pythia reads, ``Key = value``.
        stop_masses: Set for top squarks only; the SLHA spectrum follows from it.
    """

    name: str
    description: str
    settings: tuple[str, ...]
    stop_masses: StopMasses | None = None

    @property
    def slha(self) -> str | None:
        """The SLHA card, None for processes of the standard model."""
        if self.stop_masses is None:
            return None
        return stop_spectrum(self.stop_masses.stop, self.stop_masses.neutralino)


def known_processes() -> tuple[str, ...]:
    """Names of all cards."""
    return tuple(
        sorted(file.name.removesuffix(".toml") for file in _folder().iterdir() if file.name.endswith(".toml"))
    )


def load_card(name: str) -> ProcessCard:
    """The card of a process.

    Raises:
        UnknownProcessError: If there is none of that name.
    """
    if name not in known_processes():
        raise UnknownProcessError(f"unknown process {name!r}; known are {', '.join(known_processes())}")
    table = tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    masses = table.get("stop_masses")
    return ProcessCard(
        name, table["description"], tuple(table["settings"]), None if masses is None else StopMasses(**masses)
    )


def _folder() -> Traversable:
    return resources.files("training.simulate") / "processes"
