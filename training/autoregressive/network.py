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
from training.autoregressive.attention import Affine, AttentionLayer, normed, times
from training.autoregressive.candidates import CANDIDATE_FEATURES
from training.autoregressive.heads import EtaHead, Head, MassHead, PhiHead, one_row, with_columns
from training.autoregressive.objects import (
    LOG_PT,
    LOG_RECOIL,
    OBJECT_FEATURES,
    PAIR_FEATURES,
    RECOIL_FEATURES,
    Sources,
    source_features,
)
from training.autoregressive.quantiles import prior
from training.autoregressive.series import COS, ETA_WAVE, SIN, waves
from training.config import STRICT

Size = Annotated[int, Field(ge=1)]

N_NEXT: Final = N_OBJECT_TYPES + 1
"""Types of the object that a position describes, and MET."""

_PLAN: Final = N_OBJECT_TYPES + N_NEXT + 2 * N_OBJECT_TYPES + 1
_TOKEN: Final = OBJECT_FEATURES + 1 + RECOIL_FEATURES + CANDIDATE_FEATURES


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
        # Parts of one map, whose scale is 1.
        self.token, self.plan = Affine(rng, _TOKEN, width, 0.7), Affine(rng, _PLAN, width, 0.7, bias=None)
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

    def planned(
        self, held: tf.Tensor, following: tf.Tensor, to_come: tf.Tensor, counts: tf.Tensor
    ) -> tf.Tensor:
        """What positions begin with for the numbers of objects alone, [n, width] or [k, n, width].

        Args:
            held: The type of the object that a position holds, one-hot, zeros at the first, [7, n] or
                [k, 7, n], as the others.
            following: That of the object that it describes, one-hot with MET last, [8, n].
            to_come: Numbers of objects of each type from there on, [7, n].
            counts: Those of the event, [7, n].
        """
        total = tf.reduce_sum(counts, axis=-2, keepdims=True)
        columns = tf.concat([held, following, to_come / 2, counts / 2, total / 5], axis=-2)
        return times(tf.linalg.matrix_transpose(columns), self.plan.kernel)

    def first_tokens(self, planned: tf.Tensor, known: Sequence[tf.Tensor]) -> tf.Tensor:
        """What positions begin with, [n, width].

        Args:
            planned: See above, [n, width].
            known: Features of the object that a position holds [10, n]; 1 if the object that it describes is
                the last chance to pass the selection, else 0 [1, n]; features of the recoil [8, n] and of
                the candidate for a W boson [6, n].
        """
        return self.token.of_columns(tf.concat(known, axis=0)) + planned

    def biases(self, pairs: tf.Tensor) -> Sequence[tf.Tensor]:
        """Of attention for each layer in turn, [j, n, heads], from `pair_features`, [8, j, n]."""
        biases = self.pair_biases(tf.nn.relu(self.pair.of_columns(pairs)))
        each: Sequence[tf.Tensor] = tf.split(biases, self.config.layers, axis=-1)
        return each

    def context(self, x: tf.Tensor) -> tf.Tensor:
        """The contexts of positions, from what the last layer gave."""
        return normed(x)

    def source(self, features: tf.Tensor, jet: tf.Tensor, types: tf.Tensor, *, number: int = 1) -> Sources:
        """Complete objects as sources.

        Args:
            features: As for `source_features`, [10, j, n].
            jet: Likewise, [1, j, n].
            types: Likewise, [7, j, n].
            number: j.
        """
        n_eta, n_phi = self.config.harmonics
        eta, phi = (one_row(features[LOG_PT + i : LOG_PT + i + 1]) for i in (1, 2))
        eta_waves = waves(eta * ETA_WAVE, n_eta, (COS, SIN, SIN, COS))
        phi_waves = waves(phi, n_phi, (COS, SIN))
        own = source_features(features, jet, types)
        return Sources(
            number, own, *(tf.reshape(x, (number, -1, x.shape[1])) for x in (eta_waves, phi_waves))
        )

    def pt_logits(self, context: tf.Tensor, recoil: tf.Tensor, previous: tf.Tensor) -> tf.Tensor:
        """Of the position of pT, [n, bins + 1].

        Args:
            context: [n, width].
            recoil: `recoil_features` of what came before, [8, n].
            previous: log(pT / threshold) of the object before, [1, n].
        """
        # Where an object would balance those before it: as its own pT is told, and as a share of the last.
        log_ratio = recoil[LOG_RECOIL : LOG_RECOIL + 1] + np.float32(np.log(5))
        share = log_ratio / tf.maximum(previous, 0.2)
        return self.pt(with_columns(context, log_ratio, tf.clip_by_value(share, -1.0, 2.0)))

    def met_logits(self, context: tf.Tensor) -> tf.Tensor:
        """Of the position of the residual along the sum of the objects, [n, bins + 1]."""
        return self.along(context)

    def met_across_logits(self, context: tf.Tensor, along: tf.Tensor) -> tf.Tensor:
        """Of that across it, given the position of the one along it, [1, n]."""
        return self.across(with_columns(context, along, along * along, tf.abs(along - 0.5)))
