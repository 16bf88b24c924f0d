"""The densities of an event's objects, each given the numbers of objects and all objects before it.

A causal transformer (Vaswani et al., arXiv:1706.03762) over objects: position k holds object k - 1, the type
of object k and the sums of what came before; its attention has a bias from each pair of objects, as in the
particle transformer (Qu et al., arXiv:2202.03772). From its context come densities of pT, then of eta, phi
and the mass (`training.autoregressive.heads`), and after the last object those of MET.

All functions take queries, n objects to be described, and sources, the j objects before each, in the shapes
of `training.autoregressive.objects`: training describes all objects of an event at once, sampling one after
another.
"""

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.objects import N_OBJECT_TYPES
from training.autoregressive.attention import Affine, AttentionLayer, normed
from training.autoregressive.candidates import CANDIDATE_FEATURES
from training.autoregressive.heads import EtaHead, Head, MassHead, PhiHead, with_columns
from training.autoregressive.objects import (
    LOG_PT,
    OBJECT_FEATURES,
    PAIR_FEATURES,
    RECOIL_FEATURES,
    Objects,
    Sources,
    source_features,
)
from training.autoregressive.quantiles import prior
from training.autoregressive.series import ETA_WAVE, waves
from training.config import STRICT

Size = Annotated[int, Field(ge=1)]

N_NEXT: Final = N_OBJECT_TYPES + 1
"""Types of the object that a position describes, and MET."""

_COUNTS: Final = 2 * N_OBJECT_TYPES
_TOKEN: Final = (
    OBJECT_FEATURES + N_OBJECT_TYPES + N_NEXT + 1 + _COUNTS + 1 + RECOIL_FEATURES + CANDIDATE_FEATURES
)
_LOG_RECOIL: Final = 4


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
        bins: Bins of each density, a multiple of 32.
        harmonics: Of the series in eta and in phi.
    """

    width: Size
    layers: Size
    attention: Size
    heads: Size
    feedforward: Size
    hidden: Size
    pair: Size
    bins: Annotated[int, Field(ge=32, multiple_of=32)]
    harmonics: tuple[Size, Size]

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
        hidden, pair, width, knots = config.hidden, config.pair, config.width, config.bins + 1
        self.token = Affine(rng, _TOKEN, width)
        self.pair = Affine(rng, PAIR_FEATURES, pair, bias=None)
        self.pair_biases = Affine(rng, pair, config.layers * config.heads, 0.3, bias=None)
        self.layers = [
            AttentionLayer(
                rng,
                width=width,
                attention=config.attention,
                heads=config.heads,
                feedforward=config.feedforward,
            )
            for _ in range(config.layers)
        ]
        n_eta, n_phi = config.harmonics
        start, bins = prior(config.bins), config.bins
        self.pt = Head(rng, width + 2, hidden, knots, start)
        self.eta = EtaHead(rng, width=width, hidden=hidden, pair=pair, bins=bins, harmonics=n_eta)
        self.phi = PhiHead(rng, width=width, hidden=hidden, pair=pair, bins=bins, harmonics=n_phi)
        self.mass = MassHead(rng, width=width, hidden=hidden, pair=pair, outputs=knots, bias=start)
        self.along = Head(rng, width, hidden, knots, start)
        self.across = Head(rng, width + 3, hidden, knots, start)

    @property
    def weights(self) -> Sequence[tf.Variable]:
        """All of them."""
        return self.trainable_variables  # type: ignore[no-any-return]

    def first_tokens(self, *inputs: tf.Tensor) -> tf.Tensor:
        """What positions begin with, [n, width].

        Args:
            *inputs: Features of the object that a position holds [10, n]; its type, one-hot, zeros at the
                first position [7, n]; the type of the object that it describes, one-hot with MET last [8, n];
                1 if that object is the last chance to pass the selection, else 0 [1, n]; half the numbers of
                objects of each type still to come [7, n] and of the event [7, n], and a fifth of that of all
                types [1, n]; features of the recoil [8, n] and of the candidate for a W boson [6, n].
        """
        return self.token.of_columns(tf.concat(inputs, axis=0))

    def biases(self, pairs: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        """Of attention for each layer in turn, [j, n, heads], from `pair_features`."""
        biases = self.pair_biases(tf.nn.relu(self.pair.of_columns(tf.stack(pairs))))
        each: Sequence[tf.Tensor] = tf.split(biases, self.config.layers, axis=-1)
        return each

    def context(self, x: tf.Tensor) -> tf.Tensor:
        """The contexts of positions, from what the last layer gave."""
        return normed(x)

    def source(self, features: tf.Tensor, types: tf.Tensor) -> Sources:
        """Complete objects as sources: `Objects.features` [10, j, n], one-hot types [7, j, n]."""
        own, objects = source_features(features, types), Objects.from_features(features)
        n_eta, n_phi = self.config.harmonics
        cos, sin = waves(objects.eta * ETA_WAVE, n_eta)
        both = tf.concat([cos, sin], axis=-1), tf.concat([sin, cos], axis=-1)
        return Sources(own, both, waves(objects.phi, n_phi))

    def pt_logits(self, context: tf.Tensor, recoil: tf.Tensor, previous: tf.Tensor) -> tf.Tensor:
        """Of the position of pT, [n, bins + 1], from the features of the recoil and of the object before."""
        # Where an object would balance those before it: as its own pT is told, and as a share of the last.
        log_ratio = recoil[_LOG_RECOIL] + np.float32(np.log(5))
        share = log_ratio / tf.maximum(previous[LOG_PT], 0.2)
        return self.pt(with_columns(context, [log_ratio, tf.clip_by_value(share, -1.0, 2.0)]))

    def met_logits(self, context: tf.Tensor) -> tf.Tensor:
        """Of the position of the residual along the sum of the objects, [n, bins + 1]."""
        return self.along(context)

    def met_across_logits(self, context: tf.Tensor, along: tf.Tensor) -> tf.Tensor:
        """Of that across it, given the position of the one along it, [n]."""
        return self.across(with_columns(context, [along, along * along, tf.abs(along - 0.5)]))
