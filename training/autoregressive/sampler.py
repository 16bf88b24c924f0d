"""Events drawn object after object, by one graph for any mixture of multiplicities.

Events are put in order of multiplicity, so that step k works on the rows that have an object k alone: the
cost follows the mean number of objects, not the largest. The first two objects, whose ranges differ, come
before a loop.
"""

from dataclasses import dataclass
from typing import Final

import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.candidates import CANDIDATE_FEATURES, best_pair
from training.autoregressive.coordinates import Coordinates
from training.autoregressive.densities import invert
from training.autoregressive.draws import PER_OBJECT, Drawn, Given, ObjectSampler
from training.autoregressive.multiplicities import Index, Multiplicities, ToDraw, falling
from training.autoregressive.network import EventNetwork
from training.autoregressive.objects import (
    LOG_PT,
    RECOIL_FEATURES,
    Sources,
    object_sums,
    pair_with_itself,
    recoil_features,
)
from training.autoregressive.placement import placed
from training.autoregressive.quantiles import LogisticTable
from training.autoregressive.state import State, Summary

PER_EVENT: Final = 5
"""Uniform numbers an event: two residuals, two reflections, a turn."""

_KNOWN: Final = (1, RECOIL_FEATURES, CANDIDATE_FEATURES)
"""Columns that a position knows besides the features of the object that it holds."""


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
        order = falling(masks)
        events = self._draw(tf.gather(masks, order), tf.gather(uniform, order))
        back = tf.math.top_k(-order, k=tf.shape(order)[0]).indices[:-1]
        return {name: tf.gather(column, back) for name, column in events.items()}

    def _draw(self, masks: tf.Tensor, uniform: tf.Tensor) -> dict[str, tf.Tensor]:
        """Events by falling multiplicity."""
        layout = Multiplicities.of(masks, self.slots)
        for_events = uniform[:, :PER_EVENT]
        for_objects = tf.reshape(uniform[:, PER_EVENT:], (-1, self.slots, PER_OBJECT))
        step = _Step(
            self.network,
            ObjectSampler(self.network, self.coordinates),
            layout,
            self.network.planned(*layout.plans),
            tf.transpose(for_objects, (1, 2, 0)),
            tf.zeros((4, tf.shape(masks)[0])),
        )
        state = step.next(1, step.first())
        most = tf.reduce_sum(masks[0])
        _, state = tf.while_loop(
            lambda k, _: k < most,
            lambda k, state: (k + 1, step.next(k, state)),
            (tf.constant(2, tf.int64), state),
            shape_invariants=(tf.TensorShape([]), state.shapes()),
        )
        contexts = tf.concat([step.position(most, state).context, state.done], axis=0)
        residual = self._residual(contexts, tf.transpose(for_events[:, :2]))
        drawn = tf.pad(state.drawn, [[0, self.slots - tf.shape(state.drawn)[0]], [0, 0], [0, 0]])
        columns = tf.unstack(tf.ensure_shape(tf.transpose(drawn, (1, 2, 0)), (4, None, self.slots)))
        return placed(tf.gather(layout.types, layout.which), columns, residual, for_events[:, 2:])

    def _residual(self, contexts: tf.Tensor, uniform: tf.Tensor) -> list[tf.Tensor]:
        """MET and all objects together, along their sum and across, in GeV, [n] each."""
        n, (first, second) = tf.shape(contexts)[0], tf.split(uniform, 2)
        along = invert(self.network.met_logits(contexts), first, n)
        across = invert(self.network.met_across_logits(contexts, along), second, n)
        which = tf.zeros_like(along, tf.int64)
        return [
            tf.squeeze(LogisticTable.look_up(self.coordinates.met, which + i, place), 0)
            for i, place in enumerate((along, across))
        ]


@dataclass(frozen=True, slots=True)
class _Position:
    """Where events stand before object k.

    Attributes:
        context: Of the network, [n, width].
        known: What it knows besides the object before: `_KNOWN` columns, [15, n].
        to_draw: `Multiplicities.to_draw`, [14, n].
        seen: `State.seen` with this position.
    """

    context: tf.Tensor
    known: tf.Tensor
    to_draw: tf.Tensor
    seen: tuple[tf.Tensor, ...]


@dataclass(frozen=True, slots=True)
class _Step:
    """How events get one more object.

    Attributes:
        network: The densities.
        sampler: What draws objects.
        layout: The objects that the events shall have.
        planned: `EventNetwork.planned` of all positions, [slots + 1, d, width].
        uniform: float32[slots, PER_OBJECT, n].
        none: What is kept of an object where there is none, zeros [4, n].
    """

    network: EventNetwork
    sampler: ObjectSampler
    layout: Multiplicities
    planned: tf.Tensor
    uniform: tf.Tensor
    none: tf.Tensor

    def first(self) -> State:
        """Events after the first object."""
        n = tf.shape(self.layout.which)[0]
        before, to_draw = Summary.of_none(n), self.layout.to_draw(0)
        context = tf.gather(self._first_context(), self.layout.which)
        position = _Position(context, self._known(to_draw, before), to_draw, ())
        start = State(before.packed, (), (), (), context[:0], tf.zeros((0, 4, n)))
        return self._with_object(0, start, position, n)

    def _first_context(self) -> tf.Tensor:
        """Contexts before any object, [d, width]: where nothing was drawn, equal masks have equal ones."""
        before = Summary.of_none(tf.shape(self.layout.distinct)[0])
        known = self._known(tf.transpose(self.layout.described[0]), before)
        x = self.network.first_tokens(self.planned[0], (before.features, known))
        for layer in self.network.layers:
            # The first position sees itself alone.
            x = layer.update(x, layer.project(x)[2])
        return self.network.context(x)

    def next(self, k: Index, state: State) -> State:
        """Events after object k, from those before it."""
        return self._with_object(k, state, self.position(k, state), tf.gather(self.layout.rows, k))

    def position(self, k: Index, state: State) -> _Position:
        """Where events stand before object k > 0, those that have k objects."""
        before, to_draw = Summary.unpacked(state.summary), self.layout.to_draw(k)
        known = self._known(to_draw, before)
        planned = self.layout.of_rows(tf.gather(self.planned, k), k)
        x = self.network.first_tokens(planned, (before.features, known))
        seen: list[tf.Tensor] = []
        for i, layer in enumerate(self.network.layers):
            query, *new = layer.project(x)
            now = [tf.expand_dims(one, 0) for one in new]
            if state.seen:
                old = state.seen[2 * i : 2 * i + 2]
                now = [tf.concat(both, axis=0) for both in zip(old, now, strict=True)]
                keys, values = now
                x = layer.update(x, layer.attend(query, keys, values, state.biases[i], tf.cast(k, tf.int32)))
            else:
                # The position after the first object sees itself alone.
                x = layer.update(x, new[1])
            seen += now
        return _Position(self.network.context(x), known, to_draw, tuple(seen))

    def _known(self, to_draw: tf.Tensor, before: Summary) -> tf.Tensor:
        """`_Position.known`."""
        chance = ToDraw.unpacked(to_draw).chance * (1 - before.passed)
        return tf.concat([chance, recoil_features(before.sums), before.candidate.features], axis=0)

    def _with_object(self, k: Index, state: State, position: _Position, m: tf.Tensor) -> State:
        """The state with one more object in the first m rows of a position."""
        given = _given(k, state, position, m)
        drawn = self.sampler(k, given, tf.gather(self.uniform, k)[:, :m])
        pt = given.wanted.pt_min * tf.exp(drawn.objects.z)
        features = drawn.objects.features(drawn.mass, pt / 100)
        own = (features, given.wanted.jet, given.wanted.one_hot)
        new = self.network.source(*(tf.expand_dims(x, 1) for x in own))
        sources = new if given.sources is None else given.sources.followed_by(new)
        kept = tf.concat([pt, drawn.objects.eta, drawn.objects.phi, drawn.mass], axis=0)
        kept = tf.concat([kept, self.none[:, m:]], axis=1)
        return State(
            _summary(given, drawn, features, pt / 100).packed,
            (sources.features, sources.eta_waves, sources.phi_waves),
            self._biases(drawn),
            tuple(x[:, :m] for x in position.seen),
            tf.concat([position.context[m:], state.done], axis=0),
            tf.concat([state.drawn, tf.expand_dims(kept, 0)], axis=0),
        )

    def _biases(self, drawn: Drawn) -> tuple[tf.Tensor, ...]:
        """`State.biases`; none after the first object, whose position sees itself alone."""
        if not drawn.pairs:
            return ()
        itself = tf.expand_dims(pair_with_itself(drawn.objects.z), 1)
        return tuple(self.network.biases(tf.concat([tf.concat(drawn.pairs, axis=0), itself], axis=1)))


def _given(k: Index, state: State, position: _Position, m: tf.Tensor) -> Given:
    """What is known of objects k, of the first m rows of a position."""
    chance, recoil, of_w = tf.split(position.known[:, :m], _KNOWN)
    wanted = ToDraw.unpacked(position.to_draw[:, :m])
    sources = None
    if state.sources:
        features, *waves = state.sources
        number = k if isinstance(k, int) else tf.cast(k, tf.int32)
        sources = Sources(number, features[:, :, :m], *(x[:, :m] for x in waves))
    before = Summary.unpacked(state.summary[:, :m])
    return Given(position.context[:m], chance, recoil, of_w, wanted, before, sources, m)


def _summary(given: Given, drawn: Drawn, features: tf.Tensor, pt: tf.Tensor) -> Summary:
    """Events after objects with `Objects.features` [10, m] and pT in 100 GeV, [1, m]."""
    before, wanted, candidate = given.before, given.wanted, given.before.candidate
    if given.sources is not None:
        pair = best_pair(features[:LOG_PT], wanted.one_hot[:1], drawn.pairs, given.sources)
        candidate = candidate.nearer(pair)
    passes = tf.cast(drawn.objects.z >= wanted.criterion, tf.float32)
    return Summary(
        features,
        before.sums + object_sums(features, pt),
        tf.maximum(before.passed, passes),
        candidate.momentum,
        candidate.away,
    )
