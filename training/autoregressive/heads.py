"""The densities of one object: of eta given pT, of phi given both, of the mass given all.

Those of eta and phi add a Fourier series in the distance to each earlier object, whose coefficients a small
network gives a pair. That of phi adds two more: in the distance to the sum of all objects before, and in that
to the candidate for a W boson.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from events.batch import Floats
from events.masses import TOP_MASS, W_MASS
from training.autoregressive.attention import Affine
from training.autoregressive.candidates import CANDIDATE_FEATURES
from training.autoregressive.coordinates import PT_MIN
from training.autoregressive.objects import (
    PAIR_FEATURES,
    RECOIL_DIRECTION,
    RECOIL_FEATURES,
    SOURCE_FEATURES,
    Objects,
    Sources,
    azimuth,
)
from training.autoregressive.series import COS, PEAK_WIDTHS, SIN, eta_basis, peaks_at, phi_basis, waves


class Head(tf.Module):  # type: ignore[misc] # TensorFlow ships no types
    """Logits of a density.

    Args:
        rng: Of the initial weights.
        inputs: Numbers that it depends on.
        hidden: Hidden units, of two layers.
        outputs: Logits.
        bias: Their initial values.
    """

    def __init__(
        self, rng: np.random.Generator, inputs: int, hidden: int, outputs: int, bias: Floats | float = 0.0
    ) -> None:
        super().__init__()
        self.first = Affine(rng, inputs, hidden)
        self.middle = Affine(rng, hidden, hidden)
        self.last = Affine(rng, hidden, outputs, 0.1, bias)

    def hidden(self, x: tf.Tensor, pooled: tf.Tensor | None = None) -> tf.Tensor:
        """The last hidden layer, [n, hidden]; what is pooled from pairs is added to the first."""
        first = self.first(x) if pooled is None else self.first(x) + pooled
        hidden = tf.nn.relu(first)
        return hidden + tf.nn.relu(self.middle(hidden))

    def __call__(self, x: tf.Tensor, pooled: tf.Tensor | None = None) -> tf.Tensor:
        """The logits, [n, outputs]."""
        return self.last(self.hidden(x, pooled))


class EtaHead(tf.Module):  # type: ignore[misc]
    """Of pseudorapidity.

    Args:
        rng: Of the initial weights.
        width: Of a context.
        hidden: Hidden units.
        pair: Hidden units for each pair.
        bins: Of the density.
        harmonics: Of the series.
    """

    def __init__(
        self, rng: np.random.Generator, *, width: int, hidden: int, pair: int, bins: int, harmonics: int
    ) -> None:
        super().__init__()
        self.own = Head(rng, width + 2, hidden, bins + 1)
        self.query = Affine(rng, width + 2, pair)
        self.source = Affine(rng, SOURCE_FEATURES, pair, bias=None)
        self.series = Affine(rng, pair, 2 * harmonics, 0.1, bias=None)
        self._basis = eta_basis(harmonics, bins)

    def __call__(self, context: tf.Tensor, z: tf.Tensor, sources: Sources | None) -> tf.Tensor:
        """Logits of its position, [n, bins + 1], given contexts and z = log(pT / threshold), [1, n]."""
        known = with_columns(context, z, tf.exp(-z))
        logits = self.own(known)
        if sources is None:
            return logits
        hidden = as_rows(tf.nn.relu(self.query(known) + self.source.of_columns(sources.features)))
        series = twice(self.series(hidden)) * as_rows(sources.eta_waves)
        return logits + tf.matmul(sources.summed(series), self._basis)


class PhiHead(tf.Module):  # type: ignore[misc]
    """Of azimuth; arguments as for `EtaHead`."""

    def __init__(
        self, rng: np.random.Generator, *, width: int, hidden: int, pair: int, bins: int, harmonics: int
    ) -> None:
        super().__init__()
        given = width + 5 + RECOIL_FEATURES + CANDIDATE_FEATURES
        self.own = Head(rng, given, hidden, bins)
        self.recoil_series = Affine(rng, hidden, harmonics, 0.1)
        self.candidate_series = Affine(rng, hidden, harmonics, 0.1)
        self.candidate_peaks = Affine(rng, hidden, len(PEAK_WIDTHS), 0.1)
        self.query = Affine(rng, given, pair)
        self.source = Affine(rng, SOURCE_FEATURES + 4, pair, bias=None)
        self.middle = Affine(rng, pair, pair)
        self.series = Affine(rng, pair, harmonics, 0.1, bias=None)
        self.peaks = Affine(rng, pair, len(PEAK_WIDTHS), 0.1, bias=None)
        self.log_masses = tf.Variable(np.log([W_MASS, TOP_MASS]).astype(np.float32))
        self._basis = phi_basis(harmonics, bins)
        self._harmonics = harmonics

    def __call__(
        self,
        context: tf.Tensor,
        z: tf.Tensor,
        eta: tf.Tensor,
        recoil: tf.Tensor,
        of_w: tf.Tensor,
        momentum: tf.Tensor,
        sources: Sources,
    ) -> tf.Tensor:
        """Logits of its position, [n, bins + 1].

        Args:
            context: [n, width].
            z: log(pT / threshold), [1, n].
            eta: [1, n].
            recoil: `recoil_features` of what came before, [8, n].
            of_w: `Candidate.features` of that for a W boson, [6, n].
            momentum: Its momentum, [4, n].
            sources: The objects before.
        """
        known = with_columns(context, z, tf.exp(-z), eta, eta * eta, tf.abs(eta), recoil, of_w)
        hidden = self.own.hidden(known)
        # The first knot and the last are one.
        logits = self.own.last.closed(hidden)
        series = twice(self._pair_series(self.query(known), z, eta, sources)) * as_rows(sources.phi_waves)
        toward_recoil = self._waves(recoil[RECOIL_DIRECTION : RECOIL_DIRECTION + 2])
        from_w = self._candidate_series(hidden, z, eta, momentum)
        sums = (
            sources.summed(series)
            + twice(self.recoil_series(hidden)) * toward_recoil
            + twice(from_w) * self._waves(of_w[:2])
        )
        return logits + tf.matmul(sums, self._basis)

    def _waves(self, direction: tf.Tensor) -> tf.Tensor:
        """Of the azimuth of unit vectors [2, n]."""
        return waves(azimuth(*tf.split(direction, 2)), self._harmonics, (COS, SIN))

    def _pair_series(self, query: tf.Tensor, z: tf.Tensor, eta: tf.Tensor, sources: Sources) -> tf.Tensor:
        """Coefficients of the cosines of the distance in phi to each source, [j * n, harmonics]."""
        objects = sources.objects
        apart = eta - objects.eta
        size, squared = tf.abs(apart), apart * apart
        # What is left of Delta-R = 0.6, within which no two jets lie, once eta is known.
        left = tf.sqrt(tf.maximum(0.36 - squared, 1e-6))
        distance = (size, tf.minimum(size, 1.0), tf.exp(-2 * squared), left)
        known = self.source.of_columns(tf.concat([sources.features, *distance], axis=0))
        hidden = as_rows(tf.nn.relu(query + known))
        hidden += tf.nn.relu(self.middle(hidden))
        # m^2 = 2 pT pT' (cosh(delta eta) - cos(delta phi)) of massless jets.
        log_ratio = 2 * (self.log_masses[0] - np.log(PT_MIN[0])) - z - objects.z
        cos = tf.cosh(apart) - tf.exp(log_ratio) / 2
        sizes = self.peaks.to_columns(hidden) * one_row(sources.jet)
        return self.series(hidden) + peaks_at(sizes, one_row(cos), self._harmonics)

    def _candidate_series(
        self, hidden: tf.Tensor, z: tf.Tensor, eta: tf.Tensor, momentum: tf.Tensor
    ) -> tf.Tensor:
        """Coefficients of the cosines of the distance in phi to the candidate, [n, harmonics].

        With a massless jet it has the mass m where
        m^2 - m_W^2 = 2 (E_W E - pz_W pz - pT_W pT cos(delta phi)).
        """
        px, py, pz, energy = tf.split(momentum, 4)
        pt_squared = px * px + py * py
        mass_squared = tf.exp(2 * self.log_masses[1]) / 1e4 - (energy * energy - pz * pz - pt_squared)
        along = energy * tf.cosh(eta) - pz * tf.sinh(eta)
        cos = (along - mass_squared * (50 / PT_MIN[0]) * tf.exp(-z)) / tf.sqrt(pt_squared + 1e-6)
        peaks = peaks_at(self.candidate_peaks.to_columns(hidden), cos, self._harmonics)
        return self.candidate_series(hidden) + peaks


def with_columns(context: tf.Tensor, *columns: tf.Tensor) -> tf.Tensor:
    """Contexts [n, width], then columns [..., n], as rows [n, width + ...]."""
    return tf.concat([context, tf.transpose(tf.concat(columns, axis=0))], axis=1)


def as_rows(pairs: tf.Tensor) -> tf.Tensor:
    """Pairs [j, n, width] as rows, [j * n, width]."""
    return tf.reshape(pairs, (-1, pairs.shape[-1]))


def one_row(column: tf.Tensor) -> tf.Tensor:
    """A column of pairs [1, j, n] as one of rows, [1, j * n]."""
    return tf.reshape(column, (1, -1))


def twice(x: tf.Tensor) -> tf.Tensor:
    """Rows [n, width] beside themselves, [n, 2 width]."""
    return tf.concat([x, x], axis=1)


class MassHead(tf.Module):  # type: ignore[misc]
    """Of the mass of a jet.

    Args:
        rng: Of the initial weights.
        width: Of a context.
        hidden: Hidden units.
        pair: Hidden units for each pair.
        outputs: Logits.
        bias: Their initial values.
    """

    def __init__(
        self, rng: np.random.Generator, *, width: int, hidden: int, pair: int, outputs: int, bias: Floats
    ) -> None:
        super().__init__()
        given = width + 7 + RECOIL_FEATURES
        self.own = Head(rng, given, hidden, outputs, bias)
        self.query = Affine(rng, given, pair)
        self.source = Affine(rng, SOURCE_FEATURES + PAIR_FEATURES + 2, pair, bias=None)
        self.pool = Affine(rng, pair, hidden, bias=None)

    def __call__(
        self,
        context: tf.Tensor,
        objects: Objects,
        recoil: tf.Tensor,
        pairs: Sequence[tf.Tensor],
        sources: Sources | None,
    ) -> tf.Tensor:
        """Logits of its position, [n, bins + 1].

        Args:
            context: [n, width].
            objects: All else of the objects.
            recoil: `recoil_features` of what came before, [8, n].
            pairs: `pair_features` and `pair_distance` with the objects before, [1, j, n] each.
            sources: These, if there are any.
        """
        z, eta = objects.z, objects.eta
        own = (z, tf.exp(-z), eta, eta * eta, tf.abs(eta), objects.cos, objects.sin)
        known = with_columns(context, *own, recoil)
        if sources is None:
            return self.own(known)
        with_each = tf.concat([*pairs, sources.features], axis=0)
        near = as_rows(tf.nn.relu(self.query(known) + self.source.of_columns(with_each)))
        return self.own(known, self.pool(sources.summed(near)))
