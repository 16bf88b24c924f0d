"""The densities of events, to be fitted: to events, and to weighted events of their own.

`Densities` are fitted by maximum likelihood. `TunedDensities` start from a network whose events have the
density q0. Weights w that make them more like truth ask for the density q0 w; the divergence of a density q
from it is, up to a constant,

    E[ D(q0 || q) - (w - 1) log q ],

the mean going over events of q0, whose mean weight is 1. D, that of each factor from its twin given what
comes before, is an integral over the bins and has no noise of its own: an event counts by what its weight
differs from 1, and far fewer events will do than maximum likelihood would take.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf
from typing_extensions import override

from events.batch import Floats, Ints
from training.autoregressive.coordinates import Canonical, Coordinates
from training.autoregressive.likelihood import Events, factors, log_likelihood
from training.autoregressive.network import EventNetwork
from training.autoregressive.settings import Settings


class Densities:
    """The network as a `training.fit.Fitter` wants it; its loss is minus the logarithm of the likelihood.

    Args:
        settings: The configuration.
        seed: Of the initial weights.
        sizes: Rows of each stratum in a training batch.
    """

    noise_width = 1

    def __init__(self, settings: Settings, *, seed: int, sizes: Sequence[int] = ()) -> None:
        self.network = EventNetwork(settings.network, seed=seed)
        self._settings = settings
        self._sizes = sizes

    @property
    def weights(self) -> Sequence[Any]:
        """The network's."""
        return self.network.weights

    @property
    def trainable_variables(self) -> Sequence[Any]:
        """The network's."""
        return self.network.weights

    def batch_loss(self, rows: tf.Tensor, noise: tf.Tensor, *, training: bool) -> tf.Tensor:  # noqa: ARG002
        """The mean loss of events, whose training batches come in strata."""
        parts = tf.split(rows, self._sizes) if training else self._by_stratum(rows)
        losses = [
            tf.reduce_sum(self._losses(part, bound))
            for part, bound in zip(parts, self._settings.bounds, strict=True)
            if part.shape[0] != 0
        ]
        return tf.add_n(losses) / tf.cast(tf.shape(rows)[0], tf.float32)

    def _losses(self, rows: tf.Tensor, most: int) -> tf.Tensor:
        """The losses of events that have at most so many objects, [n]."""
        return -log_likelihood(self.network, self._events(rows, most))

    def _by_stratum(self, rows: tf.Tensor) -> list[tf.Tensor]:
        objects = tf.reduce_sum(tf.cast(rows[:, : self._settings.slots] >= 0, tf.int32), axis=1)
        bounds = (0, *self._settings.bounds)
        return [
            tf.boolean_mask(rows, (objects > least) & (objects <= most)) for least, most in pairwise(bounds)
        ]

    def _events(self, rows: tf.Tensor, most: int) -> Events:
        """The events of rows, without the slots that they do not use."""
        slots = self._settings.slots
        types, kinematics, positions, residuals = tf.split(rows, (slots, 4 * slots, 4 * slots, 2), axis=1)
        return Events(
            tf.cast(types[:, :most], tf.int32),
            tf.reshape(kinematics, (-1, slots, 4))[:, :most],
            tf.reshape(positions, (-1, slots, 4))[:, :most],
            residuals,
        )


class TunedDensities(Densities):
    """The same, to be fitted to weighted events; a row's last number is the weight, whose mean is 1.

    Args:
        settings: The configuration.
        before: The network that made the events.
        sizes: Rows of each stratum in a training batch.
    """

    def __init__(self, settings: Settings, before: EventNetwork, *, sizes: Sequence[int] = ()) -> None:
        super().__init__(settings, seed=0, sizes=sizes)
        for one, value in zip(self.weights, before.weights, strict=True):
            one.assign(value)
        self._before = before

    @override
    def _losses(self, rows: tf.Tensor, most: int) -> tf.Tensor:
        events, n = self._events(rows[:, :-1], most), tf.shape(rows)[0]
        pairs = zip(factors(self.network, events), factors(self._before, events), strict=True)
        excess = rows[:, -1] - 1
        losses = [
            own.per_event(before.density.divergence(own.density), n) - excess * own.per_event(own.log, n)
            for own, before in pairs
        ]
        return tf.add_n(losses)


def fit_rows(coordinates: Coordinates, met: Floats, types: Ints, objects: Floats) -> Floats:
    """What `Densities` reads, float32[n, 9 slots + 2]."""
    events = Canonical.of(met, types, objects)
    kinematics = np.stack([events.log_pt, events.eta, events.phi, events.mass], axis=2)
    positions, residuals = coordinates.positions(events)
    flat = [x.reshape(len(types), -1) for x in (kinematics, positions)]
    return np.concatenate([events.types, *flat, residuals], axis=1, dtype=np.float32)
