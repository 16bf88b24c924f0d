"""The configuration of a training, from TOML."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from training.data.split import SplitFractions

STRICT: Final = ConfigDict(extra="forbid")
"""How tables of a configuration are checked: an unknown key is an error."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, config=STRICT)
class FitConfig:
    """How a network is fitted.

    Attributes:
        batch_size: Rows of a batch.
        epochs: Epochs at most.
        patience: Epochs without a better validation loss after which the fit stops.
        learning_rate: Of Adam, at first.
        decay: What the learning rate is multiplied by on a plateau of the training loss.
        decay_patience: Epochs without a better training loss that make a plateau; 0 for a constant rate.
        schedule: ``plateau`` for these decays, ``cosine`` for a rate that falls to 0 at the last epoch, as
            half a cosine (Loshchilov and Hutter, arXiv:1608.03983, eq. 5).
        clip: Gradients longer than this are shortened to it; 0 for none.
        average: Share that each step leaves of the running average of the weights, which is then what is
            judged and used (Polyak and Juditsky, doi:10.1137/0330046); 0 for no average.
    """

    batch_size: int
    epochs: int
    patience: int
    learning_rate: float
    decay: float = 1.0
    decay_patience: int = 0
    schedule: Literal["plateau", "cosine"] = "plateau"
    clip: float = 0.0
    average: float = 0.0


@dataclass(frozen=True, slots=True, config=STRICT)
class TuneConfig:
    """How a fitted model is tuned with weighted events of its own, in one of several rounds.

    Attributes:
        events: Of the model.
        limit: The most that an event weighs, before the mean is made 1.
        fit: How the network is fitted to them.
    """

    events: Annotated[int, Field(ge=1000)]
    limit: Annotated[float, Field(ge=1, le=10)]
    fit: FitConfig


@dataclass(frozen=True, slots=True, config=STRICT)
class TrainingConfig:
    """What every training says; the rest belongs to the architecture.

    Attributes:
        model: Name on the shelf.
        architecture: Name in `training.architectures`; the model's name unless given.
        seed: Of the initial weights, the order of rows and the noise.
        split: Shares of the events to train and to validate on.
        settings: The tables of the architecture.
    """

    model: str
    architecture: str
    seed: int
    split: SplitFractions
    settings: dict[str, Any]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """A configuration from the tables of a TOML file.

        Raises:
            ValueError: If a key is missing or a value wrong; the message names it.
        """
        own = {name: table[name] for name in ("model", "architecture", "seed", "split") if name in table}
        settings = {name: value for name, value in table.items() if name not in own}
        own.setdefault("architecture", table.get("model"))
        return checked(cls, own | {"settings": settings})


def checked(type_: type[T], table: Mapping[str, Any]) -> T:
    """The tables of a configuration as a type.

    Raises:
        ValueError: If a key is missing or unknown, or a value wrong; the message names it.
    """
    try:
        return TypeAdapter(type_).validate_python(table)
    except ValidationError as error:
        places = ((".".join(map(str, found["loc"])), found["msg"]) for found in error.errors())
        told = "; ".join(f"{place}: {message}" for place, message in places)
        raise ValueError(f"the training configuration: {told}") from error


def shipped_configs() -> tuple[str, ...]:
    """The names of the configurations that come with the package."""
    folder = files("training") / "configs"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_config(name_or_path: str) -> dict[str, Any]:
    """The tables of a shipped configuration, by name, or of a TOML file.

    Raises:
        FileNotFoundError: If it is neither; the message lists the shipped ones.
    """
    known = shipped_configs()
    if name_or_path in known:
        return tomllib.loads((files("training") / "configs" / f"{name_or_path}.toml").read_text())
    path = Path(name_or_path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is neither a TOML file nor one of: {', '.join(known)}")
    return tomllib.loads(path.read_text())
