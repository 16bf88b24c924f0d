"""The tables of the configuration of an autoregressive flow."""

from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import Ints
from training.autoregressive.network import NetworkConfig
from training.config import STRICT, FitConfig, TrainingConfig, TuneConfig, checked


@dataclass(frozen=True, slots=True, config=STRICT)
class Settings:
    """The tables of the configuration.

    Attributes:
        frequent_share: Share of the events that the first level of the mask generator may cover.
        slots: The most objects of an event; events with more are left out.
        strata: The most objects of the events in each stratum of a batch but the last, rising.
        network: Shape of the network.
        fit: How it is fitted.
        tune: How it is tuned after that, round by round.
    """

    frequent_share: Annotated[float, Field(gt=0, le=1)]
    slots: Annotated[int, Field(ge=1, le=64)]
    strata: tuple[Annotated[int, Field(ge=1)], ...]
    network: NetworkConfig
    fit: FitConfig
    tune: tuple[TuneConfig, ...] = ()

    @classmethod
    def of(cls, config: TrainingConfig) -> "Settings":
        """Those of a configuration."""
        return checked(cls, config.settings)

    @property
    def bounds(self) -> tuple[int, ...]:
        """The most objects of the events in each stratum."""
        return (*self.strata, self.slots)

    def stratum(self, n_objects: Ints) -> Ints:
        """The stratum of events with so many objects."""
        stratum: Ints = np.searchsorted(self.bounds, n_objects)
        return stratum
