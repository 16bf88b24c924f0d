"""The densities of an event's objects, each given the numbers of objects and all objects before it.

A causal transformer (Vaswani et al., arXiv:1706.03762) over objects: position k holds object k - 1, the type
of object k and the sums of what came before; its attention has a bias from each pair of objects, as in the
particle transformer (Qu et al., arXiv:2202.03772). From its context come densities of pT, then eta given pT,
then phi given both, then the mass given all, and after the last object those of MET. Densities of eta and phi
add a Fourier series in the distance to each earlier object, whose coefficients a small network gives a pair.

All functions take queries, one row for each object to be described [n, ...], and sources, the objects before
it [n, j, ...]: training describes all objects of an event at once, sampling one after another.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import Floats
from events.objects import N_OBJECT_TYPES, ObjectType
from training.autoregressive.attention import Affine, AttentionLayer, normed
from training.autoregressive.coordinates import ETA_MAX, JET_TYPES, PT_MIN
from training.autoregressive.objects import (
    OBJECT_FEATURES,
    PAIR_FEATURES,
    RECOIL_FEATURES,
    Objects,
    Sources,
    azimuth,
    distance_squared,
    pair_features,
    recoil_features,
)
from training.autoregressive.quantiles import prior
from training.config import STRICT

Size = Annotated[int, Field(ge=1)]

_N_NEXT: Final = N_OBJECT_TYPES + 1
_TOKEN: Final = OBJECT_FEATURES + N_OBJECT_TYPES + RECOIL_FEATURES + _N_NEXT + 2 * N_OBJECT_TYPES + 1
_ETA_WAVE: Final = float(np.pi / 3)
"""Radians a unit of pseudorapidity in the series in eta: a period longer than the range."""

_HEADS: Final = ("pt", "eta", "phi", "mass")
_PAIRED: Final = _HEADS[1:]
_ALONG: Final = "along"
_ACROSS: Final = "across"

_WIDTHS: Final = (0.08, 0.2)
"""Standard deviations in radians of peaks where a pair of jets has a certain mass."""

_W_MASS: Final = 80.4


@dataclass(frozen=True, slots=True, config=STRICT)
class NetworkConfig:
    """Shape of a network.

    Attributes:
        width: Of a context.
        layers: Of attention.
        attention: Width of keys and of values, of all heads together.
        heads: Of attention, in each layer.
        feedforward: Hidden units after attention.
        hidden: Hidden units of each density.
        pair: Hidden units for each pair of objects.
        bins: Bins of each density, an even number.
        harmonics: Of the series in eta and in phi.
        resonances: Masses near which pairs of jets may peak; they are learnt, beginning with that of the W.
    """

    width: Size
    layers: Size
    attention: Size
    heads: Size
    feedforward: Size
    hidden: Size
    pair: Size
    bins: Annotated[int, Field(ge=2, multiple_of=2)]
    harmonics: tuple[Size, Size]
    resonances: Annotated[int, Field(ge=0)]

    def __post_init__(self) -> None:
        if self.attention % self.heads:
            raise ValueError(f"attention = {self.attention} must be a multiple of heads = {self.heads}")


class EventNetwork(tf.Module):  # type: ignore[misc]
    """See the module.

    Args:
        config: Its shape.
        seed: Of the initial weights.
    """

    def __init__(self, config: NetworkConfig, *, seed: int) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        self.config = config
        hidden, pair, d = config.hidden, config.pair, config.width
        self.token = Affine(rng, _TOKEN, d)
        self.layers = [
            AttentionLayer(
                rng,
                width=d,
                attention=config.attention,
                heads=config.heads,
                feedforward=config.feedforward,
                pair=pair,
            )
            for _ in range(config.layers)
        ]
        self.gain = tf.Variable(tf.ones(d))
        self.queries = {name: Affine(rng, d, hidden) for name in (*_HEADS, _ALONG, _ACROSS)}
        self.pair_queries = {name: Affine(rng, d, pair) for name in _PAIRED}
        self.recoil_query = Affine(rng, d, hidden)
        self.sources = {name: Affine(rng, 4 + N_OBJECT_TYPES, pair) for name in _PAIRED}
        known = {"eta": 2, "phi": 5 + RECOIL_FEATURES, "mass": 7 + RECOIL_FEATURES, _ACROSS: 3}
        self.given = {name: Affine(rng, width, hidden) for name, width in known.items()}
        self.middle = {name: Affine(rng, hidden, hidden) for name in (*_HEADS, _ALONG, _ACROSS)}
        bias = {name: prior(config.bins) for name in ("pt", "mass", _ALONG, _ACROSS)}
        width = {"phi": config.bins}
        self.logits = {
            name: Affine(rng, hidden, width.get(name, config.bins + 1), 0.1, bias.get(name, 0.0))
            for name in self.middle
        }
        self.eta_pair = Affine(rng, 1, pair)
        self.eta_series = [Affine(rng, pair, config.harmonics[0], 0.1) for _ in range(2)]
        self.phi_own = Affine(rng, 1, pair)
        self.phi_pair = Affine(rng, 4, pair)
        self.phi_middle = Affine(rng, pair, pair)
        self.phi_series = Affine(rng, pair, config.harmonics[1], 0.1)
        self.recoil_given = Affine(rng, RECOIL_FEATURES + 2, hidden)
        self.recoil_middle = Affine(rng, hidden, hidden)
        self.recoil_series = Affine(rng, hidden, config.harmonics[1], 0.1)
        if config.resonances:
            self.resonance_sizes = Affine(rng, pair, config.resonances * len(_WIDTHS), 0.1)
            masses = _W_MASS * np.arange(1, config.resonances + 1, dtype=np.float32)
            self.log_masses = tf.Variable(np.log(masses / PT_MIN[ObjectType.JET]))
        self.mass_pair = Affine(rng, PAIR_FEATURES + 2, pair)
        self.mass_pool = Affine(rng, pair, hidden)

    @property
    def weights(self) -> Sequence[tf.Variable]:
        """All of them."""
        return self.trainable_variables  # type: ignore[no-any-return]

    def first_tokens(
        self, previous: tf.Tensor, types: tf.Tensor, following: tf.Tensor, sums: tf.Tensor, counts: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """What positions begin with, [n, d], and the features of the recoil, [n, 8].

        Args:
            previous: Features of the object that a position holds, [n, 10].
            types: Its type, one-hot, [n, 7]; zeros at the first position.
            following: The type of the object that it describes, one-hot with MET last, [n, 8].
            sums: `object_sums` of this object and all before it, [n, 5].
            counts: Numbers of objects of each type still to come, and of the event, [n, 14].
        """
        recoil = recoil_features(sums)
        total = tf.reduce_sum(counts[:, N_OBJECT_TYPES:], axis=1, keepdims=True)
        inputs = [previous, types, recoil, following, counts / 2, total / 5]
        return self.token(tf.concat(inputs, axis=1)), recoil

    def context(self, x: tf.Tensor) -> tf.Tensor:
        """The contexts of positions, from what the last layer gave."""
        return normed(x, self.gain)

    def source(self, objects: Objects, mass: tf.Tensor, types: tf.Tensor) -> Sources:
        """Complete objects as sources: columns [n, j, 1], m / pT [n, j, 1], one-hot types [n, j, 7]."""
        inputs = tf.concat([objects.z, objects.eta, tf.abs(objects.eta), 3 * mass, types], axis=-1)
        jets = tf.reduce_sum(types[..., :JET_TYPES], axis=-1, keepdims=True)
        n_eta, n_phi = self.config.harmonics
        return Sources(
            tf.concat([*objects.columns, jets], axis=-1),
            tuple(self.sources[name](inputs) for name in _PAIRED),
            _waves(objects.eta * _ETA_WAVE, n_eta),
            _waves(objects.phi, n_phi),
        )

    def pt_logits(self, context: tf.Tensor) -> tf.Tensor:
        """Of the position of pT, [n, bins + 1]."""
        return self._density("pt", self.queries["pt"](context))

    def eta_logits(self, context: tf.Tensor, z: tf.Tensor, sources: Sources | None) -> tf.Tensor:
        """Of the position of eta, [n, bins + 1], given z = log(pT / threshold), [n, 1]."""
        own = self.queries["eta"](context) + self.given["eta"](tf.concat([z, tf.exp(-z)], axis=1))
        logits = self._density("eta", own)
        if sources is None:
            return logits
        query = self.pair_queries["eta"](context) + self.eta_pair(z)
        hidden = tf.nn.relu(query[:, None] + sources.hidden[0])
        even, odd = (_shown(series(hidden), sources) for series in self.eta_series)
        cos, sin = sources.eta_waves
        # Pairs in eta depend on the direction: a cos(h (eta - eta_j)) + b sin(h (eta - eta_j)).
        along = tf.reduce_sum(even * cos - odd * sin, axis=1)
        across = tf.reduce_sum(even * sin + odd * cos, axis=1)
        basis = self._basis(0, _ETA_WAVE * float(ETA_MAX.max()))
        return logits + tf.matmul(tf.concat([along, across], axis=1), basis)

    def phi_logits(
        self, context: tf.Tensor, z: tf.Tensor, eta: tf.Tensor, recoil: tf.Tensor, sources: Sources
    ) -> tf.Tensor:
        """Of the position of phi, [n, bins + 1], given z, eta [n, 1] and the recoil [n, 8]."""
        soft = tf.exp(-z)
        given = tf.concat([z, soft, eta, eta * eta, tf.abs(eta), recoil], axis=1)
        logits = self._density("phi", self.queries["phi"](context) + self.given["phi"](given))
        series = _shown(self._phi_series(context, z, eta, sources), sources)
        cos, sin = (tf.reduce_sum(series * wave, axis=1) for wave in sources.phi_waves)
        known = self.recoil_given(tf.concat([recoil, z, eta], axis=1))
        hidden = tf.nn.relu(self.recoil_query(context) + known)
        own = self.recoil_series(hidden + tf.nn.relu(self.recoil_middle(hidden)))
        toward = _waves(azimuth(recoil[:, :1], recoil[:, 1:2]), self.config.harmonics[1])
        both = tf.concat([cos + own * toward[0], sin + own * toward[1]], axis=1)
        logits += tf.matmul(both, self._basis(1, np.pi)[:, :-1])
        return tf.concat([logits, logits[:, :1]], axis=1)

    def _phi_series(self, context: tf.Tensor, z: tf.Tensor, eta: tf.Tensor, sources: Sources) -> tf.Tensor:
        """Coefficients of the cosines of the distance in phi to each source, [n, j, harmonics]."""
        apart = tf.abs(eta[:, None] - sources.columns.eta)
        squared = apart * apart
        # What is left of Delta-R = 0.6, within which no two jets lie, once eta is known.
        left = tf.sqrt(tf.maximum(0.36 - squared, 1e-6))
        distance = tf.concat([apart, tf.minimum(apart, 1.0), tf.exp(-2 * squared), left], axis=-1)
        query = self.pair_queries["phi"](context) + self.phi_own(z)
        hidden = tf.nn.relu(query[:, None] + sources.hidden[1] + self.phi_pair(distance))
        hidden += tf.nn.relu(self.phi_middle(hidden))
        series = self.phi_series(hidden)
        return (
            series + self._resonance_series(hidden, z, apart, sources) if self.config.resonances else series
        )

    def _resonance_series(
        self, hidden: tf.Tensor, z: tf.Tensor, apart: tf.Tensor, sources: Sources
    ) -> tf.Tensor:
        """Coefficients of Gaussian peaks where a pair has one of the masses, [n, j, harmonics].

        Args:
            hidden: What is known of pairs, [n, j, pair].
            z: log(pT / threshold), [n, 1].
            apart: Distance in eta, [n, j, 1].
            sources: The others.
        """
        n_waves, n_masses = self.config.harmonics[1], self.config.resonances
        # m^2 = 2 pT pT' (cosh(delta eta) - cos(delta phi)) of massless jets.
        ratio = tf.exp(2 * self.log_masses - z[:, None] - sources.columns.z) / 2
        cos = tf.cosh(apart) - ratio
        sizes = self.resonance_sizes(hidden) * sources.jets[..., None]
        series = []
        for mass in range(n_masses):
            within = tf.cast(tf.abs(cos[..., mass : mass + 1]) < 1, tf.float32)
            angle = tf.acos(tf.clip_by_value(cos[..., mass : mass + 1], -0.999, 0.999))
            own = sizes[..., mass * len(_WIDTHS) : (mass + 1) * len(_WIDTHS)] * within
            series.append(tf.matmul(own, _peaks(n_waves)) * _waves(angle, n_waves)[0])
        return tf.add_n(series)

    def mass_logits(
        self, context: tf.Tensor, objects: Objects, recoil: tf.Tensor, sources: Sources | None
    ) -> tf.Tensor:
        """Of the position of the mass, [n, bins + 1], given all else of objects, [n, 1] each."""
        z, eta = objects.z, objects.eta
        given = [z, tf.exp(-z), eta, eta * eta, tf.abs(eta), objects.cos, objects.sin, recoil]
        hidden = self.queries["mass"](context) + self.given["mass"](tf.concat(given, axis=1))
        if sources is not None:
            columns = sources.columns
            distance = tf.sqrt(distance_squared(objects, columns) + 1e-6)
            known = tf.concat([pair_features(objects, columns), distance, tf.exp(-distance)], axis=-1)
            near = self.pair_queries["mass"](context)[:, None] + sources.hidden[2] + self.mass_pair(known)
            hidden += self.mass_pool(tf.reduce_sum(_shown(tf.nn.relu(near), sources), axis=1))
        return self._density("mass", hidden)

    def met_logits(self, context: tf.Tensor) -> tf.Tensor:
        """Of the position of the residual along the sum of the objects, [n, bins + 1]."""
        return self._density(_ALONG, self.queries[_ALONG](context))

    def met_across_logits(self, context: tf.Tensor, along: tf.Tensor) -> tf.Tensor:
        """Of that across it, given the position of the one along it, [n, 1]."""
        given = self.given[_ACROSS](tf.concat([along, along * along, tf.abs(along - 0.5)], axis=1))
        return self._density(_ACROSS, self.queries[_ACROSS](context) + given)

    def _density(self, name: str, hidden: tf.Tensor) -> tf.Tensor:
        hidden = tf.nn.relu(hidden)
        return self.logits[name](hidden + tf.nn.relu(self.middle[name](hidden)))

    def _basis(self, series: int, edge: float) -> tf.Tensor:
        """Cosines and sines of a series at the knots of angles, [2 harmonics, bins + 1]."""
        knots = np.linspace(-edge, edge, self.config.bins + 1)
        angles = np.outer(np.arange(1, self.config.harmonics[series] + 1), knots)
        return tf.constant(np.concatenate([np.cos(angles), np.sin(angles)]).astype(np.float32))


def _shown(x: tf.Tensor, sources: Sources) -> tf.Tensor:
    """Zeros in place of what belongs to sources that a query does not see."""
    return x if sources.visible is None else x * sources.visible


def _peaks(harmonics: int) -> Floats:
    """Coefficients of the harmonics of Gaussian peaks at angle 0, [widths, harmonics]."""
    numbers = np.arange(1, harmonics + 1)
    return np.asarray(np.exp(-np.square(np.outer(_WIDTHS, numbers)) / 2), np.float32)


def _waves(angle: tf.Tensor, harmonics: int) -> tuple[tf.Tensor, tf.Tensor]:
    """Cosines and sines of the multiples of an angle [..., 1], [..., harmonics] each."""
    angles = angle * np.arange(1, harmonics + 1, dtype=np.float32)
    return tf.cos(angles), tf.sin(angles)
