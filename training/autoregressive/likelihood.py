"""How likely events are, all positions of an event at once."""

from dataclasses import dataclass

import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.coordinates import JET_TYPES
from training.autoregressive.densities import log_density
from training.autoregressive.network import EventNetwork
from training.autoregressive.objects import Objects, object_sums, pair_features


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


def log_likelihood(network: EventNetwork, events: Events) -> tf.Tensor:
    """Logarithm of the density of the positions of events, given their numbers of objects, [n]."""
    slots = events.types.shape[1]
    one_hot = tf.one_hot(events.types, N_OBJECT_TYPES)
    contexts, recoil = contexts_of_positions(network, events.kinematics, one_hot)
    last = tf.one_hot(tf.reduce_sum(tf.cast(events.types >= 0, tf.int32), axis=1), slots + 1)
    met = _met(network, tf.reduce_sum(contexts * last[..., None], axis=1), events.residuals)
    return met + _objects(network, events, one_hot, _rows(contexts[:, :slots]), _rows(recoil[:, :slots]))


def contexts_of_positions(
    network: EventNetwork, kinematics: tf.Tensor, one_hot: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Contexts and features of the recoil of all positions, [n, s + 1, ...] each."""
    positions = kinematics.shape[1] + 1
    # Position k holds object k - 1, position 0 none.
    columns = tf.split(tf.pad(kinematics, [[0, 0], [1, 0], [0, 0]]), 4, axis=2)
    held, types = Objects.of(*columns[:3]), tf.pad(one_hot, [[0, 0], [1, 0], [0, 0]])
    features = held.features(columns[3], types)
    following = tf.pad(one_hot, [[0, 0], [0, 1], [0, 1]])
    none = 1 - tf.reduce_sum(following, axis=2, keepdims=True)
    following += tf.pad(none, [[0, 0], [0, 0], [N_OBJECT_TYPES, 0]])
    counts = tf.reduce_sum(one_hot, axis=1, keepdims=True)
    counts = tf.concat([counts - tf.cumsum(types, axis=1), tf.repeat(counts, positions, axis=1)], axis=2)
    sums = tf.cumsum(object_sums(features), axis=1)
    x, recoil = network.first_tokens(*map(_rows, (features, types, following, sums, counts)))
    own = Objects(*map(_rows, held.columns))
    pairs = pair_features(own, Objects(*(tf.repeat(y, positions, axis=0) for y in held.columns)))
    visible = _for_each_event(_seen_by_positions(positions), features)
    for layer in network.layers:
        query, key, value = layer.project(x)
        keys, values = (
            tf.repeat(tf.reshape(y, (-1, positions, y.shape[1])), positions, axis=0) for y in (key, value)
        )
        x = layer.update(x, layer.attend(query, keys, values, pairs, visible))
    return tuple(tf.reshape(y, (-1, positions, y.shape[1])) for y in (network.context(x), recoil))


def _objects(
    network: EventNetwork, events: Events, one_hot: tf.Tensor, contexts: tf.Tensor, recoil: tf.Tensor
) -> tf.Tensor:
    """Logarithm of the density of the objects' positions, [n]."""
    slots = events.types.shape[1]
    columns = tf.split(events.kinematics, 4, axis=2)
    before = tf.linalg.band_part(tf.ones((slots, slots)), -1, 0) - tf.eye(slots)
    sources = network.source(Objects.of(*columns[:3]), columns[3], one_hot)
    sources = sources.repeated(slots, _for_each_event(before, one_hot))
    z, eta, phi = map(_rows, columns[:3])
    at = tf.unstack(_rows(events.positions), axis=1)
    first, second = (tf.tile(place, [tf.shape(one_hot)[0]]) for place in tf.unstack(tf.eye(slots)[:2]))
    held = tf.reshape(tf.cast(events.types >= 0, tf.float32), (-1,))
    jets = tf.reshape(tf.reduce_sum(one_hot[..., :JET_TYPES], axis=2), (-1,))
    etas = network.eta_logits(contexts, z, sources)
    phis = network.phi_logits(contexts, z, eta, recoil, sources)
    masses = network.mass_logits(contexts, Objects.of(z, eta, phi), recoil, sources)
    logs = (
        held * log_density(network.pt_logits(contexts), at[0])
        + held * _halved(etas, at[1], first)
        + held * (1 - first) * _halved(phis, at[2], second)
        + jets * log_density(masses, at[3])
    )
    return tf.reduce_sum(tf.reshape(logs, (-1, slots)), axis=1)


def _met(network: EventNetwork, contexts: tf.Tensor, residuals: tf.Tensor) -> tf.Tensor:
    """Logarithm of the density of the positions of both residuals, [n]."""
    along, across = tf.split(residuals, 2, axis=1)
    logits = network.met_logits(contexts), network.met_across_logits(contexts, along)
    return log_density(logits[0], along[:, 0]) + log_density(logits[1], across[:, 0])


def _halved(logits: tf.Tensor, position: tf.Tensor, halved: tf.Tensor) -> tf.Tensor:
    """Logarithm of the density at positions, of which some (1) can only lie in the upper half."""
    half = log_density(logits[:, (logits.shape[1] - 1) // 2 :], 2 * position - 1)
    return tf.where(halved > 0, half, log_density(logits, position))


def _seen_by_positions(positions: int) -> tf.Tensor:
    """1 where a position (row) sees another: up to itself those with an object; the first sees itself."""
    seen = tf.linalg.band_part(tf.ones((positions, positions)), -1, 0)
    return seen - tf.pad(tf.ones((positions - 1, 1)), [[1, 0], [0, positions - 1]])


def _rows(x: tf.Tensor) -> tf.Tensor:
    """All objects of all events one after another, [n * s, ...]."""
    return tf.reshape(x, (-1, x.shape[-1]))


def _for_each_event(visible: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """What each query of an event sees, [queries, s], for all events of x, [n * queries, s, 1]."""
    return tf.tile(visible, [tf.shape(x)[0], 1])[..., None]
