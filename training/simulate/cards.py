"""Process cards: what to collide, one TOML file a process in the folder ``processes``."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

from training.simulate.errors import BadCardError, UnknownProcessError
from training.simulate.spectrum import stop_spectrum


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
        BadCardError: If its file is not a card.
    """
    if name not in known_processes():
        raise UnknownProcessError(f"unknown process {name!r}; known are {', '.join(known_processes())}")
    try:
        return parse_card(name, (_folder() / f"{name}.toml").read_text(encoding="utf-8"))
    except (TypeError, KeyError, tomllib.TOMLDecodeError) as error:
        raise BadCardError(f"the card of {name} is not one: {error}") from error


def parse_card(name: str, text: str) -> ProcessCard:
    """The card in a TOML text.

    Raises:
        KeyError: If a key is missing.
        TypeError: If there is an unknown key.
        tomllib.TOMLDecodeError: If the text is not TOML.
    """
    table = tomllib.loads(text)
    table["settings"] = tuple(table["settings"])
    if "stop_masses" in table:
        table["stop_masses"] = StopMasses(**table["stop_masses"])
    return ProcessCard(name, **table)


def _folder() -> Traversable:
    return resources.files("training.simulate") / "processes"
