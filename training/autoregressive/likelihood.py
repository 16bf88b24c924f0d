"""How likely events are, all positions of an event at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.candidates import Candidate, best_pair
from training.autoregressive.coordinates import JET_TYPES, LOG_CRITERION, PT_MIN
from training.autoregressive.densities import Density
from training.autoregressive.network import EventNetwork
from training.autoregressive.objects import (
    LOG_PT,
    Objects,
    Sources,
    object_sums,
    of_type,
    pair_distance,
    pair_features,
    recoil_features,
)
from training.autoregressive.overlap import allowed_azimuths


@dataclass(frozen=True, slots=True)
class Events:
    """Events as the likelihood wants them, n of them with room for s objects.

    Attributes:
        types: int32[n, s], -1 where there is no object; objects come first.
        kinematics: log(pT / threshold), eta, phi and m / pT, float32[n, s, 4].
        positions: Of pT, eta, phi and mass, float32[n, s, 4].
        residuals: Positions of the residuals of MET, float32[n, 2].
    """

    types: tf.Tensor
    kinematics: tf.Tensor
    positions: tf.Tensor
    residuals: tf.Tensor


@dataclass(frozen=True, slots=True)
class Described:
    """The n * s objects of n events as queries one after another, and those before each as its sources.

    Attributes:
        objects: Their coordinates.
        features: `Objects.features`, [10, n, s].
        pt: In 100 GeV, 0 where there is no object, [1, n, s].
        one_hot: Their types, [7, n, s].
        sources: The objects before.
        pairs: `pair_features` with them.
    """

    objects: Objects
    features: tf.Tensor
    pt: tf.Tensor
    one_hot: tf.Tensor
    sources: Sources
    pairs: Sequence[tf.Tensor]

    @classmethod
    def of(cls, network: EventNetwork, events: Events) -> "Described":
        """Those of events."""
        slots = events.types.shape[1]
        one_hot = tf.transpose(tf.one_hot(events.types, N_OBJECT_TYPES), (2, 0, 1))
        *coordinates, mass = (x[None] for x in tf.unstack(events.kinematics, axis=2))
        held, objects = tf.reduce_sum(one_hot, axis=0), Objects.of(*coordinates)
        pt = tf.exp(objects.z) * of_type(one_hot, PT_MIN / 100)
        features = objects.features(mass, pt) * held
        before = tf.eye(slots) * -1 + tf.linalg.band_part(tf.ones((slots, slots)), 0, -1)
        visible = tf.tile(before, [1, tf.shape(events.types)[0]])[None]
        own = (features, tf.reduce_sum(one_hot[:JET_TYPES], axis=0, keepdims=True), one_hot)
        sources = network.source(*(tf.transpose(x, (0, 2, 1)) for x in own), number=slots)
        sources = sources.repeated(slots, visible)
        objects = Objects.of(*map(_columns, coordinates))
        pairs = pair_features(objects, sources.objects)
        return cls(objects, features, pt, one_hot, sources, pairs)

    @property
    def slots(self) -> int:
        """Room for objects in an event."""
        slots: int = self.one_hot.shape[2]
        return slots

    @property
    def jet(self) -> tf.Tensor:
        """1 for a jet or b-jet, else 0, [1, n * s]."""
        return _columns(tf.reduce_sum(self.one_hot[:JET_TYPES], axis=0, keepdims=True))

    def candidates(self) -> Candidate:
        """The best pair among the objects before each position, n * (s + 1) of them."""
        own, light = _columns(self.features[:LOG_PT]), _columns(self.one_hot[:1])
        pairs = best_pair(own, light, self.pairs, self.sources)
        momentum, away = (
            tf.unstack(tf.reshape(x, (x.shape[0], -1, self.slots)), axis=2)
            for x in (pairs.momentum, pairs.away)
        )
        best = [Candidate.none(tf.shape(self.one_hot)[1])]
        for one in map(Candidate, momentum, away):
            best.append(best[-1].nearer(one))
        momentum, away = (
            tf.stack([getattr(one, name) for one in best], axis=2) for name in ("momentum", "away")
        )
        return Candidate(_columns(momentum), _columns(away))


@dataclass(frozen=True, slots=True)
class Factor:
    """A factor of the density of n events, or one for each of their s slots.

    Attributes:
        density: What the network gives.
        position: Where the events lie, [n] or [n * s].
        counts: 1 where there is such a factor, else 0.
    """

    density: Density
    position: tf.Tensor
    counts: tf.Tensor

    @property
    def log(self) -> tf.Tensor:
        """Its logarithm, like `position`."""
        return self.density.log_at(self.position)

    def per_event(self, x: tf.Tensor, n: tf.Tensor) -> tf.Tensor:
        """Numbers like `position`, where they count, summed over each of n events, [n]."""
        return tf.reduce_sum(tf.reshape(self.counts * x, (n, -1)), axis=1)


def log_likelihood(network: EventNetwork, events: Events) -> tf.Tensor:
    """Logarithm of the density of the positions of events, given their numbers of objects, [n]."""
    n = tf.shape(events.types)[0]
    return tf.add_n([one.per_event(one.log, n) for one in factors(network, events)])


def factors(network: EventNetwork, events: Events) -> Sequence[Factor]:
    """All factors of the density of the positions of events, given their numbers of objects."""
    slots = events.types.shape[1]
    described = Described.of(network, events)
    candidate = described.candidates()
    contexts, recoil = contexts_of_positions(network, described, candidate)
    contexts = tf.reshape(contexts, (-1, slots + 1, contexts.shape[1]))
    last = tf.one_hot(tf.reduce_sum(tf.cast(events.types >= 0, tf.int32), axis=1), slots + 1)
    met = _met(network, tf.reduce_sum(contexts * last[..., None], axis=1), events.residuals)
    before = tf.reshape(contexts[:, :slots], (-1, contexts.shape[2]))
    recoil, momentum, away = (_without_last(x, slots) for x in (recoil, candidate.momentum, candidate.away))
    return *met, *_objects(network, events, described, before, recoil, Candidate(momentum, away))


def contexts_of_positions(
    network: EventNetwork, described: Described, candidate: Candidate
) -> tuple[tf.Tensor, tf.Tensor]:
    """Contexts [n * (s + 1), width] and features of the recoil [8, n * (s + 1)] of all positions."""
    one_hot = described.one_hot
    positions = described.slots + 1
    # Position k holds object k - 1, position 0 none.
    features, types = (tf.pad(x, [[0, 0], [0, 0], [1, 0]]) for x in (described.features, one_hot))
    following = tf.pad(one_hot, [[0, 1], [0, 0], [0, 1]])
    none = 1 - tf.reduce_sum(following, axis=0, keepdims=True)
    following += tf.pad(none, [[N_OBJECT_TYPES, 0], [0, 0], [0, 0]])
    counts = tf.reduce_sum(one_hot, axis=2, keepdims=True)
    to_come = counts - tf.cumsum(types, axis=2)
    counts = tf.repeat(counts, positions, axis=2)
    chance = last_chances(one_hot, described.features[LOG_PT])[None]
    sums = tf.pad(tf.cumsum(object_sums(described.features, described.pt), axis=2), [[0, 0], [0, 0], [1, 0]])
    recoil = recoil_features(_columns(sums))
    planned = network.planned(*map(_columns, (types, following, to_come, counts)))
    known = (_columns(features), _columns(chance), recoil, candidate.features)
    x = network.first_tokens(planned, known)
    own = Objects.from_features(_columns(features))
    held = Objects.from_features(_each_query(features, positions))
    pairs = tf.concat(pair_features(own, held), axis=0)
    visible = tf.tile(_seen_by_positions(positions), [1, tf.shape(one_hot)[1]])
    for layer, bias in zip(network.layers, network.biases(pairs), strict=True):
        query, *others = layer.project(x)
        keys, values = (_each_query(_by_event(y, positions), positions, axis=1) for y in others)
        x = layer.update(x, layer.attend(query, keys, values, bias, positions, visible))
    return network.context(x), recoil


def last_chances(one_hot: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """1 where a position describes an object that must pass the selection, as no other can, [n, s + 1].

    Args:
        one_hot: Types, zeros where there is no object, [7, n, s].
        z: log(pT / threshold), [n, s].
    """
    held = tf.reduce_sum(one_hot, axis=0)
    same = tf.reduce_sum(one_hot[..., 1:] * one_hot[..., :-1], axis=0)
    first = held - tf.pad(same, [[0, 0], [1, 0]])
    after = tf.cumsum(one_hot, axis=2, reverse=True)
    others = tf.reduce_sum(after, axis=0) - tf.reduce_sum(after * one_hot, axis=0)
    passes = held * tf.cast(z >= of_type(one_hot, LOG_CRITERION)[0], tf.float32)
    passed = tf.cumsum(passes, axis=1, exclusive=True)
    chance = first * tf.cast((others < 0.5) & (passed < 0.5), tf.float32)
    return tf.pad(chance, [[0, 0], [0, 1]])


def _objects(
    network: EventNetwork,
    events: Events,
    described: Described,
    contexts: tf.Tensor,
    recoil: tf.Tensor,
    candidate: Candidate,
) -> Sequence[Factor]:
    """The factors of the objects."""
    slots, n = described.slots, tf.shape(events.types)[0]
    objects, sources, jet = described.objects, described.sources, described.jet
    at = tf.unstack(tf.reshape(events.positions, (-1, 4)), axis=1)
    first, second = (tf.tile(place, [n]) for place in tf.unstack(tf.eye(slots)[:2]))
    held = _flat(tf.cast(events.types >= 0, tf.float32))
    previous = _columns(
        tf.pad(described.features[LOG_PT : LOG_PT + 1], [[0, 0], [0, 0], [1, 0]])[..., :slots]
    )
    of_w = candidate.features, candidate.momentum
    etas = network.eta(contexts, objects.z, sources)
    phis = network.phi(contexts, objects.z, objects.eta, recoil, *of_w, sources)
    pairs = (*described.pairs, *pair_distance(objects, sources.objects))
    masses = network.mass(contexts, objects, recoil, pairs, sources)
    allowed = allowed_azimuths(objects.eta, jet, sources, network.config.bins)
    return (
        Factor(Density(network.pt_logits(contexts, recoil, previous)), at[0], held),
        *_halved(Density(etas), at[1], held, first),
        *_halved(Density(phis, allowed), at[2], held * (1 - first), second),
        Factor(Density(masses), at[3], jet[0]),
    )


def _met(network: EventNetwork, contexts: tf.Tensor, residuals: tf.Tensor) -> Sequence[Factor]:
    """The factors of both residuals."""
    along, across = tf.unstack(residuals, axis=1)
    logits = network.met_logits(contexts), network.met_across_logits(contexts, along[None])
    return tuple(
        Factor(Density(one), at, tf.ones_like(at)) for one, at in zip(logits, (along, across), strict=True)
    )


def _halved(
    density: Density, position: tf.Tensor, counts: tf.Tensor, halved: tf.Tensor
) -> tuple[Factor, Factor]:
    """The factors of positions of which some (1) can only lie in the upper half, and of the others."""
    return (
        Factor(density.upper_half, 2 * position - 1, counts * halved),
        Factor(density, position, counts * (1 - halved)),
    )


def _seen_by_positions(positions: int) -> tf.Tensor:
    """1 where a position (column) sees another: up to itself those with an object; the first sees itself."""
    seen = tf.linalg.band_part(tf.ones((positions, positions)), 0, -1)
    return seen - tf.pad(tf.ones((1, positions - 1)), [[0, positions - 1], [1, 0]])


def _flat(x: tf.Tensor) -> tf.Tensor:
    """One number each [n, s] of all queries, [n * s]."""
    return tf.reshape(x, (-1,))


def _columns(x: tf.Tensor) -> tf.Tensor:
    """Columns [w, n, s] of all queries, [w, n * s]."""
    return tf.reshape(x, (x.shape[0], -1))


def _without_last(x: tf.Tensor, slots: int) -> tf.Tensor:
    """Columns of all positions of events, [w, n * (s + 1)], without those of the last, [w, n * s]."""
    return _columns(tf.reshape(x, (x.shape[0], -1, slots + 1))[..., :slots])


def _by_event(x: tf.Tensor, positions: int) -> tf.Tensor:
    """Rows of all positions, [n * p, w], position by position, [p, n, w]."""
    return tf.transpose(tf.reshape(x, (-1, positions, x.shape[1])), (1, 0, 2))


def _each_query(x: tf.Tensor, queries: int, axis: int = 2) -> tf.Tensor:
    """What events hold in columns [w, n, p] or rows [p, n, w], for each query, [..., p, n * queries, ...]."""
    return tf.repeat(tf.transpose(x, (0, 2, 1)) if axis == 2 else x, queries, axis=axis)
