"""Events drawn object after object, by one graph for any mixture of multiplicities.

Events are put in order of multiplicity, so that step k works on the rows that have an object k alone: the
cost follows the mean number of objects, not the largest. The first two objects, whose ranges differ, come
before a loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.coordinates import ETA_MAX, JET_TYPES, PT_MIN, Coordinates
from training.autoregressive.densities import Cumulated, invert
from training.autoregressive.multiplicities import Index, Multiplicities
from training.autoregressive.network import EventNetwork
from training.autoregressive.objects import (
    N_SUMS,
    OBJECT_FEATURES,
    Objects,
    Sources,
    object_sums,
    pair_features,
)
from training.autoregressive.placement import TURN, placed
from training.autoregressive.quantiles import LogisticTable

AZIMUTHS: Final = 4
"""Azimuths that a jet may try, until no other jet is near."""

PER_OBJECT: Final = 3 + AZIMUTHS
"""Uniform numbers an object: pT, eta, mass, azimuths."""

PER_EVENT: Final = 5
"""Uniform numbers an event: two residuals, two reflections, a turn."""

_NEAR: Final = 0.36
"""Delta-R^2 below which no two jets lie: the jets' R^2."""


@dataclass(frozen=True, slots=True)
class EventSampler:
    """Events from masks and uniform numbers.

    Attributes:
        network: The densities.
        coordinates: What positions mean.
        slots: The most objects of an event.
    """

    network: EventNetwork
    coordinates: Coordinates
    slots: int

    @property
    def uniforms(self) -> int:
        """Uniform numbers an event."""
        return PER_EVENT + PER_OBJECT * self.slots

    def __call__(self, masks: tf.Tensor, uniform: tf.Tensor) -> dict[str, tf.Tensor]:
        """Events as an events graph gives them: GeV and radians.

        Args:
            masks: Numbers of objects of each type, int64[n, 7].
            uniform: float32[n, uniforms].
        """
        # An event of two objects beside the others, so that no step is without rows, which onnxruntime's
        # reductions do not bear.
        masks = tf.concat([masks, tf.constant([[2] + [0] * (N_OBJECT_TYPES - 1)], tf.int64)], axis=0)
        uniform = tf.pad(uniform, [[0, 1], [0, 0]])
        n = tf.shape(masks)[0]
        order = tf.math.top_k(tf.cast(tf.reduce_sum(masks, axis=1), tf.int32), k=n).indices
        events = self._draw(tf.gather(masks, order), tf.gather(uniform, order))
        back = tf.math.top_k(-order, k=n).indices[:-1]
        return {name: tf.gather(column, back) for name, column in events.items()}

    def _draw(self, masks: tf.Tensor, uniform: tf.Tensor) -> dict[str, tf.Tensor]:
        """Events by falling multiplicity."""
        layout = Multiplicities.of(masks, self.slots)
        for_events = uniform[:, :PER_EVENT]
        for_objects = tf.reshape(uniform[:, PER_EVENT:], (-1, self.slots, PER_OBJECT))
        step = _Step(self.network, self.coordinates, layout, for_objects)
        state = step.next(1, step.first())
        most = tf.reduce_sum(masks[0])
        _, state = tf.while_loop(
            lambda k, _: k < most,
            lambda k, state: (k + 1, step.next(k, state)),
            (tf.constant(2, tf.int64), state),
            shape_invariants=(tf.TensorShape([]), state.shapes()),
        )
        context, _, _ = step.position(most, state)
        residual = self._residual(tf.concat([context, state.done], axis=0), for_events)
        drawn = tf.pad(state.drawn, [[0, 0], [0, self.slots - tf.shape(state.drawn)[1]], [0, 0]])
        columns = tf.unstack(tf.ensure_shape(drawn, (None, self.slots, 4)), axis=2)
        return placed(layout.present(), columns, residual, for_events[:, 2:])

    def _residual(self, contexts: tf.Tensor, uniform: tf.Tensor) -> list[tf.Tensor]:
        """MET and all objects together, along their sum and across, in GeV, [n] each."""
        along = invert(self.network.met_logits(contexts), uniform[:, 0])
        across = invert(self.network.met_across_logits(contexts, along[:, None]), uniform[:, 1])
        which = tf.zeros_like(along, tf.int64)
        return [
            LogisticTable.look_up(self.coordinates.met, which + i, place)
            for i, place in enumerate((along, across))
        ]


class _State(NamedTuple):
    """Events after k objects; m of n rows have that many.

    Attributes:
        features: `Objects.features` of object k - 1, [m, 10].
        types: Its type, one-hot, [m, 7].
        sums: `object_sums` of all objects, [m, 5].
        to_come: Objects of each type that are still to come, float32[m, 7].
        seen: Keys and values of the positions that hold an object, [m, k - 1, attention], layer by layer.
        sources: `Sources.tensors` of all objects, [m, k, ...].
        done: Contexts for the MET of the other rows, [n - m, width].
        drawn: pT, eta, phi and m / pT of the objects of all rows, 0 for none, [n, k, 4].
    """

    features: tf.Tensor
    types: tf.Tensor
    sums: tf.Tensor
    to_come: tf.Tensor
    seen: tuple[tf.Tensor, ...]
    sources: tuple[tf.Tensor, ...]
    done: tf.Tensor
    drawn: tf.Tensor

    def shapes(self) -> "_State":
        """The shapes that these tensors keep: rows change, and so does the middle axis of those of rank 3."""

        def kept(x: tf.Tensor) -> tf.TensorShape:
            return tf.TensorShape([None] * (len(x.shape) - 1) + [x.shape[-1]])

        shapes: _State = tf.nest.map_structure(kept, self)
        return shapes


@dataclass(frozen=True, slots=True)
class _Step:
    """How events get one more object.

    Attributes:
        network: The densities.
        coordinates: What positions mean.
        layout: The objects that the events shall have.
        uniform: float32[n, slots, PER_OBJECT].
    """

    network: EventNetwork
    coordinates: Coordinates
    layout: Multiplicities
    uniform: tf.Tensor

    def first(self) -> _State:
        """Events after the first object, which lies at azimuth 0 with eta >= 0."""
        masks = self.layout.masks
        n = tf.shape(masks)[0]
        features, types, sums = (tf.zeros((n, width)) for width in (OBJECT_FEATURES, N_OBJECT_TYPES, N_SUMS))
        masks = tf.cast(masks, tf.float32)
        counts = tf.concat([masks, masks], axis=1)
        x, recoil = self.network.first_tokens(features, types, self.layout.following(0, n), sums, counts)
        for layer in self.network.layers:
            # The first position sees itself alone.
            x = layer.update(x, layer.project(x)[2])
        context = self.network.context(x)
        none: tuple[tf.Tensor, ...] = tuple(
            tf.zeros((n, 0, self.network.config.attention)) for _ in range(2 * len(self.network.layers))
        )
        start = _State(features, types, sums, masks, none, (), context[:0], tf.zeros((n, 0, 4)))
        return self._with_object(0, start, context, recoil)

    def next(self, k: Index, state: _State) -> _State:
        """Events after object k, from those before it."""
        context, recoil, seen = self.position(k, state)
        m = self.layout.rows[k]
        going_on = tf.nest.map_structure(lambda x: x[:m], state._replace(seen=seen, done=(), drawn=()))
        state = going_on._replace(done=tf.concat([context[m:], state.done], axis=0), drawn=state.drawn)
        return self._with_object(k, state, context[:m], recoil[:m])

    def position(self, k: Index, state: _State) -> tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]:
        """Contexts after k > 0 objects, features of their recoil, and `_State.seen` with this position."""
        n = tf.shape(state.features)[0]
        counts = tf.concat([state.to_come, tf.cast(self.layout.masks[:n], tf.float32)], axis=1)
        following = self.layout.following(k, n)
        x, recoil = self.network.first_tokens(state.features, state.types, following, state.sums, counts)
        pairs = pair_features(
            Objects.from_features(state.features), Sources.from_tensors(*state.sources).columns
        )
        seen: list[tf.Tensor] = []
        for i, layer in enumerate(self.network.layers):
            query, *new = layer.project(x)
            old = state.seen[2 * i : 2 * i + 2]
            seen += [tf.concat([a, b[:, None]], axis=1) for a, b in zip(old, new, strict=True)]
            x = layer.update(x, layer.attend(query, seen[-2], seen[-1], pairs))
        return self.network.context(x), recoil, tuple(seen)

    def _with_object(self, k: Index, state: _State, context: tf.Tensor, recoil: tf.Tensor) -> _State:
        """Events with an object k; all rows of the arguments have one."""
        network, m = self.network, tf.shape(context)[0]
        uniform = tf.unstack(tf.gather(self.uniform, k, axis=1)[:m], axis=1)
        type_, kind = (tf.gather(x, k, axis=1)[:m] for x in (self.layout.types, self.layout.kinds))
        one_hot = tf.one_hot(type_, N_OBJECT_TYPES)
        jet = tf.reduce_sum(one_hot[:, :JET_TYPES], axis=1)
        sources = Sources.from_tensors(*state.sources) if state.sources else None
        z = self.coordinates.log_pt(
            kind, invert(network.pt_logits(context), uniform[0]), state.features[:, 4]
        )
        z = z[:, None]
        eta = _eta(network.eta_logits(context, z, sources), uniform[1], type_, halved=_is(k, 0))[:, None]
        phi = tf.zeros_like(eta)
        if sources is not None:
            logits = network.phi_logits(context, z, eta, recoil, sources)
            phi = _phi(logits, uniform[3:], eta, jet, sources, halved=_is(k, 1))[:, None]
        objects = Objects.of(z, eta, phi)
        place = invert(network.mass_logits(context, objects, recoil, sources), uniform[2])
        table = tf.minimum(type_, JET_TYPES - 1)
        mass = (jet * LogisticTable.look_up(self.coordinates.mass, table, place))[:, None]
        columns = tf.concat([tf.gather(PT_MIN, type_)[:, None] * tf.exp(z), eta, phi, mass], axis=1)
        return self._after(state, objects, mass, one_hot, columns)

    def _after(
        self, state: _State, objects: Objects, mass: tf.Tensor, types: tf.Tensor, columns: tf.Tensor
    ) -> _State:
        """The state with new objects: columns and m / pT [m, 1], one-hot types [m, 7]; columns to be kept."""
        features = objects.features(mass, types)
        as_sources = Objects(*(column[:, None] for column in objects.columns))
        new = self.network.source(as_sources, mass[:, None], types[:, None]).tensors
        if state.sources:
            new = tuple(tf.concat(both, axis=1) for both in zip(state.sources, new, strict=True))
        beyond = tf.shape(state.drawn)[0] - tf.shape(columns)[0]
        drawn = tf.concat([state.drawn, tf.pad(columns, [[0, beyond], [0, 0]])[:, None]], axis=1)
        return _State(
            features,
            types,
            state.sums + object_sums(features),
            state.to_come - types,
            state.seen,
            new,
            state.done,
            drawn,
        )


def _is(k: Index, number: int) -> bool:
    """Whether k is that number and not one that is known only when the graph runs."""
    return isinstance(k, int) and k == number


def _eta(logits: tf.Tensor, uniform: tf.Tensor, type_: tf.Tensor, *, halved: bool) -> tf.Tensor:
    """Pseudorapidities, [m], not negative if halved."""
    bins = logits.shape[1] - 1
    share = invert(logits[:, bins // 2 :], uniform) if halved else 2 * invert(logits, uniform) - 1
    return share * tf.gather(ETA_MAX, type_)


def _phi(
    logits: tf.Tensor,
    uniform: Sequence[tf.Tensor],
    eta: tf.Tensor,
    jet: tf.Tensor,
    sources: Sources,
    *,
    halved: bool,
) -> tf.Tensor:
    """The first azimuth of several at which no jet lies within another, else the last, [m]; >= 0 if halved.

    Args:
        logits: [m, bins + 1].
        uniform: Numbers in [0, 1), float32[m] for each azimuth to try.
        eta: [m, 1].
        jet: 1 for a jet, else 0, [m].
        sources: The objects before.
        halved: Whether only the upper half is allowed.
    """
    density = Cumulated(logits[:, (logits.shape[1] - 1) // 2 :] if halved else logits)
    columns = sources.columns
    # What is left for the distance in phi; negative where an azimuth does not matter.
    jets = jet[:, None] * sources.jets
    left = jets * _NEAR - tf.square(eta - columns.eta[..., 0])
    chosen = near = None
    for number in uniform:
        place = density.at(number)
        tried = place * np.float32(np.pi) if halved else (place - 0.5) * TURN
        chosen = tried if chosen is None else tf.where(near, tried, chosen)
        turn = tf.abs(chosen[:, None] - columns.phi[..., 0])
        near = tf.reduce_any(tf.square(tf.minimum(turn, TURN - turn)) < left, axis=1)
    return chosen
