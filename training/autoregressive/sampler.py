"""Events drawn object after object, by one graph for any mixture of multiplicities.

Events are put in order of multiplicity, so that step k works on the rows that have an object k alone: the
cost follows the mean number of objects, not the largest. The first two objects, whose ranges differ, come
before a loop.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import tensorflow as tf

from events.objects import N_OBJECT_TYPES
from training.autoregressive.candidates import Candidate, best_pair
from training.autoregressive.coordinates import JET_TYPES, LAST_CHANCE, Coordinates
from training.autoregressive.densities import Cumulated, invert
from training.autoregressive.multiplicities import Index, Multiplicities, ToDraw, falling
from training.autoregressive.network import EventNetwork
from training.autoregressive.objects import (
    LOG_PT,
    Objects,
    Sources,
    object_sums,
    pair_distance,
    pair_features,
    recoil_features,
)
from training.autoregressive.overlap import without_overlap
from training.autoregressive.placement import TURN, placed
from training.autoregressive.quantiles import LogisticTable
from training.autoregressive.state import State, Summary

AZIMUTHS: Final = 4
"""Azimuths that a jet may try, until no other jet is near."""

PER_OBJECT: Final = 3 + AZIMUTHS
"""Uniform numbers an object: pT, eta, mass, azimuths."""

PER_EVENT: Final = 5
"""Uniform numbers an event: two residuals, two reflections, a turn."""


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
        step = _Step(self.network, self.coordinates, layout, tf.transpose(for_objects, (1, 2, 0)))
        state = step.next(1, step.first())
        most = tf.reduce_sum(masks[0])
        _, state = tf.while_loop(
            lambda k, _: k < most,
            lambda k, state: (k + 1, step.next(k, state)),
            (tf.constant(2, tf.int64), state),
            shape_invariants=(tf.TensorShape([]), state.shapes()),
        )
        context = step.position(most, state)[0]
        residual = self._residual(tf.concat([context, state.done], axis=0), for_events)
        drawn = tf.pad(state.drawn, [[0, self.slots - tf.shape(state.drawn)[0]], [0, 0], [0, 0]])
        columns = tf.unstack(tf.ensure_shape(tf.transpose(drawn, (1, 2, 0)), (4, None, self.slots)))
        return placed(layout.types, columns, residual, for_events[:, 2:])

    def _residual(self, contexts: tf.Tensor, uniform: tf.Tensor) -> list[tf.Tensor]:
        """MET and all objects together, along their sum and across, in GeV, [n] each."""
        along = invert(self.network.met_logits(contexts), uniform[:, 0])
        across = invert(self.network.met_across_logits(contexts, along), uniform[:, 1])
        which = tf.zeros_like(along, tf.int64)
        return [
            LogisticTable.look_up(self.coordinates.met, which + i, place)
            for i, place in enumerate((along, across))
        ]


@dataclass(frozen=True, slots=True)
class _Position:
    """What m objects are drawn from.

    Attributes:
        context: Of the network, [m, width].
        recoil: `recoil_features` of what came before, [8, m].
        before: What came before.
        sources: The objects before, if there are any.
        candidate: That for a W boson.
    """

    context: tf.Tensor
    recoil: tf.Tensor
    before: Summary
    sources: Sources | None
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class _Step:
    """How events get one more object.

    Attributes:
        network: The densities.
        coordinates: What positions mean.
        layout: The objects that the events shall have.
        uniform: float32[slots, PER_OBJECT, n].
    """

    network: EventNetwork
    coordinates: Coordinates
    layout: Multiplicities
    uniform: tf.Tensor

    def first(self) -> State:
        """Events after the first object, which lies at azimuth 0 with eta >= 0."""
        before = Summary.of_none(self.layout.masks)
        # Where nothing has been drawn, equal masks have equal contexts.
        alike = replace(self, layout=self.layout.of_distinct())
        context = tf.gather(alike.first_context(), self.layout.which)
        n = tf.shape(context)[0]
        seen: tuple[tf.Tensor, ...] = tuple(
            tf.zeros((0, n, self.network.config.attention)) for _ in range(2 * len(self.network.layers))
        )
        start = State(before.packed, tf.zeros(0), (), seen, context[:0], tf.zeros((0, 4, n)))
        at = _Position(context, recoil_features(before.sums), before, None, before.candidate)
        return self._with_object(0, start, at)

    def first_context(self) -> tf.Tensor:
        """Contexts before any object, [n, width]."""
        x, _ = self._token(0, Summary.of_none(self.layout.masks))
        for layer in self.network.layers:
            # The first position sees itself alone.
            x = layer.update(x, layer.project(x)[2])
        return self.network.context(x)

    def next(self, k: Index, state: State) -> State:
        """Events after object k, from those before it."""
        context, recoil, seen = self.position(k, state)
        m = self.layout.rows[k]
        done = tf.concat([context[m:], state.done], axis=0)
        state = state._replace(seen=seen, done=done).first(m)
        before, sources = Summary.unpacked(state.summary), Sources.from_tensors(state.features, *state.waves)
        at = _Position(context[:m], recoil[:, :m], before, sources, before.candidate)
        return self._with_object(k, state, at)

    def position(self, k: Index, state: State) -> tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]:
        """Contexts after k > 0 objects, features of their recoil, and `State.seen` with this position."""
        before = Summary.unpacked(state.summary)
        x, recoil = self._token(k, before)
        pairs = pair_features(Objects.from_features(before.features), Objects.from_features(state.features))
        seen: list[tf.Tensor] = []
        for i, (layer, bias) in enumerate(zip(self.network.layers, self.network.biases(pairs), strict=True)):
            query, *new = layer.project(x)
            old = state.seen[2 * i : 2 * i + 2]
            seen += [tf.concat([a, tf.expand_dims(b, 0)], axis=0) for a, b in zip(old, new, strict=True)]
            # The position after the first object sees itself alone.
            found = new[1] if _is(k, 1) else layer.attend(query, seen[-2], seen[-1], bias)
            x = layer.update(x, found)
        return self.network.context(x), recoil, tuple(seen)

    def _token(self, k: Index, before: Summary) -> tuple[tf.Tensor, tf.Tensor]:
        to_draw = self.layout.to_draw(k, tf.shape(before.features)[1])
        recoil = recoil_features(before.sums)
        token = self.network.first_tokens(
            before.features,
            before.types,
            to_draw.following,
            to_draw.chance * (1 - before.passed),
            before.to_come,
            before.counts,
            before.total,
            recoil,
            before.candidate.features,
        )
        return token, recoil

    def _with_object(self, k: Index, state: State, at: _Position) -> State:
        """Events with an object k; all rows of the arguments have one."""
        network, m = self.network, tf.shape(at.context)[0]
        p_pt, p_eta, p_mass, *p_phi = tf.unstack(tf.gather(self.uniform, k)[:, :m])
        wanted = self.layout.to_draw(k, m)
        z = self._log_pt(wanted, at, p_pt)
        eta = _eta(network.eta(at.context, z, at.sources), p_eta, halved=_is(k, 0)) * wanted.eta_max
        phi = tf.zeros_like(eta)
        if at.sources is not None:
            logits = network.phi(at.context, z, eta, at.recoil, at.candidate, at.sources)
            phi = without_overlap(_tries(logits, p_phi, halved=_is(k, 1)), eta, wanted.jet, at.sources)
        objects = Objects.of(z, eta, phi)
        others = at.sources.objects if at.sources is not None else None
        pairs = () if others is None else pair_features(objects, others)
        near = () if others is None else (*pairs, *pair_distance(objects, others))
        place = invert(network.mass(at.context, objects, at.recoil, near, at.sources), p_mass)
        table = tf.cast(wanted.one_hot[JET_TYPES - 1], tf.int64)
        mass = wanted.jet * LogisticTable.look_up(self.coordinates.mass, table, place)
        new, candidate = objects.features(mass, wanted.one_hot), at.candidate
        if at.sources is not None:
            candidate = candidate.nearer(best_pair(new[:LOG_PT], wanted.one_hot[0], pairs, at.sources))
        kept = tf.stack([wanted.pt_min * tf.exp(z), eta, phi, mass])
        return self._after(state, at, wanted, new, candidate, kept)

    def _log_pt(self, wanted: ToDraw, at: _Position, uniform: tf.Tensor) -> tf.Tensor:
        """log(pT / threshold), [m]."""
        place = invert(self.network.pt_logits(at.context, at.recoil, at.before.features), uniform)
        kind = wanted.kind + wanted.chance * (1 - at.before.passed[0]) * LAST_CHANCE
        previous = at.before.features[LOG_PT]
        return self.coordinates.log_pt(tf.cast(kind, tf.int64), wanted.first, place, previous)

    def _after(
        self,
        state: State,
        at: _Position,
        drawn: ToDraw,
        features: tf.Tensor,
        candidate: Candidate,
        kept: tf.Tensor,
    ) -> State:
        """The state with new objects: what they are, their features [10, m], columns to be kept [4, m]."""
        types, before = drawn.one_hot, at.before
        sources = self.network.source(tf.expand_dims(features, 1), tf.expand_dims(types, 1))
        if at.sources is not None:
            sources = at.sources.followed_by(sources)
        beyond = tf.shape(state.drawn)[2] - tf.shape(kept)[1]
        kept = tf.expand_dims(tf.pad(kept, [[0, 0], [0, beyond]]), 0)
        passes = tf.cast(features[LOG_PT] >= drawn.criterion, tf.float32)
        summary = Summary(
            features,
            types,
            before.sums + object_sums(features),
            before.to_come - types / 2,
            before.counts,
            before.total,
            tf.maximum(before.passed, passes),
            candidate.momentum,
            tf.expand_dims(candidate.away, 0),
        )
        own, *waves = sources.tensors
        drawn_so_far = tf.concat([state.drawn, kept], axis=0)
        return State(summary.packed, own, tuple(waves), state.seen, state.done, drawn_so_far)


def _eta(logits: tf.Tensor, uniform: tf.Tensor, *, halved: bool) -> tf.Tensor:
    """Shares of the largest pseudorapidity, [m], not negative if halved."""
    bins = logits.shape[1] - 1
    return invert(logits[:, bins // 2 :], uniform) if halved else 2 * invert(logits, uniform) - 1


def _tries(logits: tf.Tensor, uniform: Sequence[tf.Tensor], *, halved: bool) -> tf.Tensor:
    """Azimuths for all uniform numbers, [t, m]; >= 0 if halved."""
    if halved:
        upper = logits[:, (logits.shape[1] - 1) // 2 :]
        return Cumulated(upper).at(tf.stack(uniform)) * np.float32(np.pi)
    return (Cumulated(logits).at(tf.stack(uniform)) - 0.5) * TURN


def _is(k: Index, number: int) -> bool:
    """Whether k is that number and not one that is known only when the graph runs."""
    return isinstance(k, int) and k == number
