"""The observables that trees tell events by, as a graph computes them from the outputs of an events graph.

They are observables of the judge (`training.evaluation.observables`) under the same names. Columns come first
and events last, [k, n], along which onnxruntime computes fast. What an event lacks is -1, which no observable
can be.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Final, Self, TypeAlias

import numpy as np
import tensorflow as tf

from events.masses import TOP_MASS, W_MASS
from events.objects import N_OBJECT_TYPES, ObjectType
from training.angles import angle_between
from training.evaluation.features import LEPTONS
from training.evaluation.leading import JETS
from training.evaluation.masses import TOP_WINDOW, W_WINDOW

ABSENT: Final = -1.0

CLOSEST_JETS: Final = 0
"""Where the distance of the two closest jets stands among all observables."""

Column: TypeAlias = tuple[str, tf.Tensor]

_JETS: Final = 4
_B_JETS: Final = 2
_FAR: Final = 1e9


@dataclass(frozen=True, slots=True)
class _Objects:
    """Objects in columns, [k, n] each.

    Attributes:
        held: 1 for an object, 0 for none.
        momentum: E, px, py, pz in GeV, [4, k, n].
        pt: Transverse momenta in GeV.
        eta: Pseudorapidities.
        phi: Azimuths.
    """

    held: tf.Tensor
    momentum: tf.Tensor
    pt: tf.Tensor
    eta: tf.Tensor
    phi: tf.Tensor

    @classmethod
    def of_slots(cls, inputs: Mapping[str, tf.Tensor]) -> Self:
        """Those of all slots."""
        energy, pt, eta, phi = (tf.transpose(inputs[name]) for name in ("E", "pt", "eta", "phi"))
        momentum = tf.stack([energy, pt * tf.cos(phi), pt * tf.sin(phi), pt * tf.sinh(eta)])
        return cls(tf.cast(tf.transpose(inputs["type"]) >= 0, tf.float32), momentum, pt, eta, phi)

    def leading(self, of_kind: tf.Tensor, k: int) -> "_Objects":
        """The k of highest pT among some (1, else 0), [slots, n]."""
        found = tf.math.top_k(tf.transpose(self.pt * of_kind), k)
        events = tf.shape(self.pt)[1]
        place = tf.transpose(found.indices) * events + tf.range(events)
        columns = tf.concat([self.momentum, tf.stack([self.pt, self.eta, self.phi])], axis=0)
        chosen = tf.gather(tf.reshape(columns, (columns.shape[0], -1)), place, axis=1)
        held = tf.cast(tf.transpose(found.values) > 0, tf.float32)
        return type(self)(held, chosen[:4], *tf.unstack(chosen[4:]))

    def __getitem__(self, columns: int | list[int]) -> "_Objects":
        """Some of them."""
        held, pt, eta, phi = (tf.gather(x, columns) for x in (self.held, self.pt, self.eta, self.phi))
        return _Objects(held, tf.gather(self.momentum, columns, axis=1), pt, eta, phi)


def observables(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Observables by name, float32[n] each, from `models.graphs.EVENTS_OUTPUTS` by name.

    Those of events are [n, 1], the others [n, slots].
    """
    slots = _Objects.of_slots(inputs)
    types = tf.transpose(inputs["type"])
    kinds = [tf.cast(types == type_, tf.float32) for type_ in range(N_OBJECT_TYPES)]
    met, met_phi = (tf.reshape(inputs[name], (-1,)) for name in ("met", "met_phi"))
    leading = {
        "jet": slots.leading(_any(kinds, JETS), _JETS),
        "light": slots.leading(kinds[ObjectType.JET], _JETS),
        "b_jet": slots.leading(kinds[ObjectType.B_JET], _B_JETS),
        "lepton": slots.leading(_any(kinds, LEPTONS), 2),
    }
    parts: Iterable[Iterator[Column]] = (
        _closest_jets(slots, _any(kinds, JETS)),
        _counts(kinds),
        _totals(slots, met, met_phi),
        _single(leading, met_phi),
        _pairs(leading),
        _lepton_and_met(leading["lepton"][0], met, met_phi),
        _candidates(leading["light"], leading["b_jet"]),
    )
    return {name: column for part in parts for name, column in part}


def _counts(kinds: list[tf.Tensor]) -> Iterator[Column]:
    for type_, kind in zip(ObjectType, kinds, strict=True):
        yield f"n_{type_.name.lower()}", tf.reduce_sum(kind, axis=0)


def _totals(slots: _Objects, met: tf.Tensor, met_phi: tf.Tensor) -> Iterator[Column]:
    total = tf.reduce_sum(slots.momentum * slots.held, axis=1)
    _, x, y, _ = tf.unstack(total)
    yield "met", met
    yield "ht", tf.reduce_sum(slots.pt * slots.held, axis=0)
    yield "recoil", tf.sqrt(x * x + y * y)
    yield "imbalance", tf.sqrt(tf.square(x + met * tf.cos(met_phi)) + tf.square(y + met * tf.sin(met_phi)))
    yield "mass", _mass(total)


def _single(leading: Mapping[str, _Objects], met_phi: tf.Tensor) -> Iterator[Column]:
    for name, ranks in (("jet", _JETS), ("b_jet", _B_JETS)):
        for rank in range(ranks):
            one, prefix = leading[name][rank], f"{name}_{rank + 1}"
            yield f"{prefix}_pt", _or_absent(one.pt, one.held)
            yield f"{prefix}_m_over_pt", _or_absent(_jet_mass(one) / tf.maximum(one.pt, 1e-6), one.held)
            yield f"{prefix}_angle_to_met", _or_absent(angle_between(one.phi, met_phi), one.held)


def _pairs(leading: Mapping[str, _Objects]) -> Iterator[Column]:
    jets, b_jets, leptons = (leading[name] for name in ("jet", "b_jet", "lepton"))
    pairs = {f"jets_{i + 1}{j + 1}": (jets[i], jets[j]) for i, j in combinations(range(3), 2)}
    pairs |= {"b_jets_12": (b_jets[0], b_jets[1]), "leptons_12": (leptons[0], leptons[1])}
    pairs |= {"lepton_jet": (leptons[0], jets[0]), "lepton_b_jet": (leptons[0], b_jets[0])}
    for name, (first, second) in pairs.items():
        both = first.held * second.held
        yield f"{name}_mass", _or_absent(_mass(first.momentum + second.momentum), both)
        yield f"{name}_dr", _or_absent(tf.sqrt(_squared_distance(first, second)), both)


def _lepton_and_met(lepton: _Objects, met: tf.Tensor, met_phi: tf.Tensor) -> Iterator[Column]:
    transverse = tf.sqrt(2 * lepton.pt * met * (1 - tf.cos(lepton.phi - met_phi)))
    yield "lepton_met_mt", _or_absent(transverse, lepton.held)


def _closest_jets(slots: _Objects, jet: tf.Tensor) -> Iterator[Column]:
    first, second = (list(side) for side in zip(*combinations(range(slots.pt.shape[0]), 2), strict=True))
    both = tf.gather(jet, first) * tf.gather(jet, second)
    squared = _squared_distance(slots[first], slots[second]) * both + _FAR * (1 - both)
    least = tf.reduce_min(squared, axis=0)
    yield "closest_jets", _or_absent(tf.sqrt(least), tf.cast(least < _FAR, tf.float32))


def _candidates(light: _Objects, b_jets: _Objects) -> Iterator[Column]:
    pairs = list(combinations(range(_JETS), 2))
    first, second = (light[list(side)] for side in zip(*pairs, strict=True))
    pair, is_pair = first.momentum + second.momentum, first.held * second.held
    which, b = (list(side) for side in zip(*product(range(len(pairs)), range(_B_JETS)), strict=True))
    triple = tf.gather(pair, which, axis=1) + b_jets[b].momentum
    is_triple = tf.gather(is_pair, which) * b_jets[b].held
    w, top = _mass(pair), _mass(triple)
    from_w = tf.square((w - W_MASS) / W_WINDOW)
    from_both = tf.gather(from_w, which) + tf.square((top - TOP_MASS) / TOP_WINDOW)
    yield "w_mass", _nearest(w, from_w, is_pair)
    yield "top_mass", _nearest(top, from_both, is_triple)


def _nearest(masses: tf.Tensor, away: tf.Tensor, held: tf.Tensor) -> tf.Tensor:
    """The mass that is the least away of those held, [n], of columns [k, n]."""
    away = away * held + _FAR * (1 - held)
    least = tf.reduce_min(away, axis=0)
    mass = tf.reduce_max(masses * tf.cast(away <= least, tf.float32), axis=0)
    return _or_absent(mass, tf.cast(least < _FAR, tf.float32))


def _mass(momentum: tf.Tensor) -> tf.Tensor:
    """The mass of momenta [4, ...], 0 where E < p."""
    energy, *space = tf.unstack(momentum)
    return tf.sqrt(tf.maximum(energy * energy - tf.add_n([part * part for part in space]), 0.0))


def _jet_mass(jet: _Objects) -> tf.Tensor:
    """(E - p)(E + p), of which single precision leaves more than of E^2 - p^2."""
    p = jet.pt * tf.cosh(jet.eta)
    return tf.sqrt(tf.maximum((jet.momentum[0] - p) * (jet.momentum[0] + p), 0.0))


def _squared_distance(first: _Objects, second: _Objects) -> tf.Tensor:
    return tf.square(first.eta - second.eta) + tf.square(angle_between(first.phi, second.phi))


def _or_absent(values: tf.Tensor, held: tf.Tensor) -> tf.Tensor:
    return values * held + np.float32(ABSENT) * (1 - held)


def _any(kinds: list[tf.Tensor], types: Iterable[ObjectType]) -> tf.Tensor:
    return tf.add_n([kinds[type_] for type_ in types])


def observable_matrix(inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
    """All observables side by side, float32[n, k]; arguments as for `observables`."""
    return tf.transpose(tf.stack(list(observables(inputs).values())))
