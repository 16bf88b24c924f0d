"""The configuration of a training, from TOML."""

import tomllib
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, Self

from training.data.split import SplitFractions

SHIPPED: Final = ("exp2",)
"""Configurations that come with the package, by name."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """Shape of one beta-VAE.

    Attributes:
        encoder: Units of the encoder's dense layers.
        latent: Dimensions of the latent space.
        decoder: Units of the decoder's dense layers, before the linear one.
    """

    encoder: tuple[int, ...]
    latent: int
    decoder: tuple[int, ...]

    @classmethod
    def from_dict(cls, table: dict[str, Any]) -> Self:
        """The lists of a TOML table as tuples."""
        return cls(tuple(table["encoder"]), int(table["latent"]), tuple(table["decoder"]))


@dataclass(frozen=True, slots=True)
class FitConfig:
    """How every network is fitted.

    Attributes:
        beta: Weight of the Kullback-Leibler term (thesis eq. 4.2).
        batch_size: Rows of a batch.
        epochs: Epochs at most.
        patience: Epochs without a better validation loss after which the fit stops.
        learning_rate: Of Adam.
    """

    beta: float
    batch_size: int
    epochs: int
    patience: int
    learning_rate: float


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """A training of Experiment II.

    Attributes:
        model: Name on the shelf.
        seed: Of the initial weights, the order of rows and the noise.
        split: Shares of the events to train and to validate on.
        frequent_share: Share of the events that the first level of the mask generator may cover.
        max_objects: Objects of an event at most.
        event: The MET network.
        objects: The network of each object type.
        fit: How they are fitted.
    """

    model: str
    seed: int
    split: SplitFractions
    frequent_share: float
    max_objects: int
    event: NetworkConfig
    objects: NetworkConfig
    fit: FitConfig

    @classmethod
    def from_dict(cls, table: dict[str, Any]) -> Self:
        """A configuration from the tables of a TOML file.

        Raises:
            ValueError: If a key is missing or unknown; the message names it.
        """
        try:
            config = cls(
                **{name: table[name] for name in ("model", "seed", "frequent_share", "max_objects")},
                split=SplitFractions(**table["split"]),
                event=NetworkConfig.from_dict(table["event"]),
                objects=NetworkConfig.from_dict(table["objects"]),
                fit=FitConfig(**table["fit"]),
            )
        except KeyError as error:
            raise ValueError(f"the training configuration lacks {error.args[0]!r}") from error
        except TypeError as error:
            raise ValueError(f"the training configuration has a wrong key or value: {error}") from error
        if unknown := table.keys() - asdict(config).keys():
            raise ValueError(f"the training configuration has unknown keys: {', '.join(sorted(unknown))}")
        return config

    def network(self, table: str) -> NetworkConfig:
        """The shape of the network of a table: `event` or an object's symbol."""
        return self.event if table == "event" else self.objects


def load_config(name_or_path: str) -> dict[str, Any]:
    """The tables of a shipped configuration, by name, or of a TOML file.

    Raises:
        FileNotFoundError: If it is neither; the message lists the shipped ones.
    """
    if name_or_path in SHIPPED:
        return tomllib.loads((files("training") / "configs" / f"{name_or_path}.toml").read_text())
    path = Path(name_or_path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} is neither a TOML file nor one of: {', '.join(SHIPPED)}")
    return tomllib.loads(path.read_text())
