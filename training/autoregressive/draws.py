"""One more object for each of many events: its pT, eta, phi and mass, each from its density."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import tensorflow as tf

from training.angles import TURN
from training.autoregressive.coordinates import JET_TYPES, LAST_CHANCE, Coordinates
from training.autoregressive.densities import invert
from training.autoregressive.multiplicities import Index, ToDraw
from training.autoregressive.network import EventNetwork
from training.autoregressive.objects import LOG_PT, Objects, Sources, pair_distance, pair_features
from training.autoregressive.overlap import without_overlap
from training.autoregressive.quantiles import LogisticTable
from training.autoregressive.state import Summary

AZIMUTHS: Final = 3
"""Azimuths that a jet may try, until no other jet is near."""

PER_OBJECT: Final = 3 + AZIMUTHS
"""Uniform numbers an object: pT, eta, mass, azimuths."""


@dataclass(frozen=True, slots=True)
class Given:
    """What m objects are drawn from.

    Attributes:
        context: Of the network, [m, width].
        chance: 1 where an object is the last chance to pass the selection, else 0, [1, m].
        recoil: `recoil_features` of what came before, [8, m].
        of_w: `Candidate.features` of that for a W boson, [6, m].
        wanted: The objects.
        before: What came before.
        sources: The objects before, if there are any.
        m: How many rows.
    """

    context: tf.Tensor
    chance: tf.Tensor
    recoil: tf.Tensor
    of_w: tf.Tensor
    wanted: ToDraw
    before: Summary
    sources: Sources | None
    m: tf.Tensor


@dataclass(frozen=True, slots=True)
class Drawn:
    """Objects that were drawn.

    Attributes:
        objects: Where they lie.
        mass: m / pT, [1, m].
        pairs: `pair_features` with the objects before them; none if there are none.
    """

    objects: Objects
    mass: tf.Tensor
    pairs: Sequence[tf.Tensor]


@dataclass(frozen=True, slots=True)
class ObjectSampler:
    """Objects from uniform numbers and what came before.

    Attributes:
        network: The densities.
        coordinates: What positions mean.
    """

    network: EventNetwork
    coordinates: Coordinates

    def __call__(self, k: Index, given: Given, uniform: tf.Tensor) -> Drawn:
        """Objects k.

        Args:
            k: Their number in their events: the first lie at azimuth 0 with eta >= 0, the second at
                phi >= 0.
            given: What they are drawn from.
            uniform: float32[PER_OBJECT, m].
        """
        for_pt, for_eta, for_mass, for_phi = tf.split(uniform, (1, 1, 1, AZIMUTHS))
        z = self._log_pt(given, for_pt)
        eta = self._eta(k, given, z, for_eta)
        objects = Objects.of(z, eta, self._phi(k, given, z, eta, for_phi))
        pairs = () if given.sources is None else pair_features(objects, given.sources.objects)
        return Drawn(objects, self._mass(given, objects, pairs, for_mass), pairs)

    def _log_pt(self, given: Given, uniform: tf.Tensor) -> tf.Tensor:
        """log(pT / threshold), [1, m]."""
        previous = given.before.features[LOG_PT : LOG_PT + 1]
        place = invert(self.network.pt_logits(given.context, given.recoil, previous), uniform, given.m)
        kind = given.wanted.kind + given.chance * LAST_CHANCE
        return self.coordinates.log_pt(tf.cast(kind, tf.int64), given.wanted.first, place, previous)

    def _eta(self, k: Index, given: Given, z: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Pseudorapidities, [1, m], that of the first object not negative."""
        logits = self.network.eta(given.context, z, given.sources)
        place = (_upper_half if _is_number(k, 0) else invert)(logits, uniform, given.m)
        return (2 * place - 1) * given.wanted.eta_max

    def _phi(self, k: Index, given: Given, z: tf.Tensor, eta: tf.Tensor, uniform: tf.Tensor) -> tf.Tensor:
        """Azimuths, [1, m]: 0 of the first object, not negative of the second."""
        if given.sources is None:
            return tf.zeros_like(eta)
        logits = self.network.phi(
            given.context, z, eta, given.recoil, given.of_w, given.before.momentum, given.sources
        )
        second = _is_number(k, 1)
        place = (_upper_half if second else invert)(logits, uniform, given.m)
        phi = without_overlap((place - 0.5) * TURN, eta, given.wanted.jet, given.sources)
        return tf.abs(phi) if second else phi

    def _mass(
        self, given: Given, objects: Objects, pairs: Sequence[tf.Tensor], uniform: tf.Tensor
    ) -> tf.Tensor:
        """Mass over pT, [1, m]."""
        sources, wanted = given.sources, given.wanted
        near = pairs if sources is None else (*pairs, *pair_distance(objects, sources.objects))
        logits = self.network.mass(given.context, objects, given.recoil, near, sources)
        table = tf.cast(wanted.one_hot[JET_TYPES - 1 : JET_TYPES], tf.int64)
        place = invert(logits, uniform, given.m)
        return wanted.jet * LogisticTable.look_up(self.coordinates.mass, table, place)


def _upper_half(logits: tf.Tensor, uniform: tf.Tensor, n: tf.Tensor) -> tf.Tensor:
    """The same as `invert` where positions can only lie in the upper half."""
    return (1 + invert(logits[:, (logits.shape[1] - 1) // 2 :], uniform, n)) / 2


def _is_number(k: Index, number: int) -> bool:
    """Whether k is that number and not one that is known only when the graph runs."""
    return isinstance(k, int) and k == number
