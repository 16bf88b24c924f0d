"""Small autoregressive networks over synthetic events."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats, Ints
from events.kinematics import energy
from tests.support.synthetic import synthetic_events
from training.autoregressive.coordinates import Canonical, Coordinates
from training.autoregressive.likelihood import Events
from training.autoregressive.network import EventNetwork, NetworkConfig
from training.data.slots import SlotLayout

SLOTS: Final = 7
CONFIG: Final = NetworkConfig(
    width=8,
    layers=2,
    attention=4,
    heads=2,
    feedforward=8,
    hidden=8,
    pair=4,
    bins=32,
    harmonics=(2, 3),
)


@dataclass(frozen=True, slots=True)
class PaddedEvents:
    """Events in slots: see `training.data.slots.SlotLayout.split`."""

    met: Floats
    types: Ints
    objects: Floats

    @property
    def canonical(self) -> Canonical:
        """Turned and reflected."""
        return Canonical.of(self.met, self.types, self.objects)


def padded_events(n: int, seed: int) -> PaddedEvents:
    """Synthetic events with at most `SLOTS` objects and jet masses that differ."""
    layout = SlotLayout.any_type(SLOTS)
    batch = synthetic_events(n, seed, mean_objects=3)
    mass = batch.pt * np.random.default_rng(seed).uniform(0.05, 0.2, batch.n_objects)
    batch = replace(
        batch, E=energy(batch.pt, batch.eta, np.where(batch.type < 2, mass, 0)).astype(np.float32)
    )
    return PaddedEvents(*layout.split(layout.rows(batch.take(layout.select(batch)))))


def trained_network(seed: int = 1) -> EventNetwork:
    """A network with weights as large as if it had been trained."""
    network = EventNetwork(CONFIG, seed=seed)
    rng = np.random.default_rng(seed)
    for one in network.weights:
        one.assign(one + 0.15 * rng.standard_normal(one.shape).astype(np.float32))
    return network


def as_events(coordinates: Coordinates, canonical: Canonical) -> Events:
    """What the likelihood wants of events."""
    positions, residuals = coordinates.positions(canonical)
    columns = (canonical.log_pt, canonical.eta, canonical.phi, canonical.mass)
    kinematics = np.stack(columns, axis=2).astype(np.float32)
    return Events(*map(tf.constant, (canonical.types.astype(np.int32), kinematics, positions, residuals)))
