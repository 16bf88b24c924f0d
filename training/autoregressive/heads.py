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
from training.autoregressive.attention import Affine, over_sources
from training.autoregressive.candidates import CANDIDATE_FEATURES, Candidate
from training.autoregressive.coordinates import PT_MIN
from training.autoregressive.objects import (
    PAIR_FEATURES,
    RECOIL_FEATURES,
    SOURCE_FEATURES,
    Objects,
    Sources,
    azimuth,
)
from training.autoregressive.series import PEAK_WIDTHS, eta_basis, peaks_at, phi_basis, waves


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
        """Logits of its position, [n, bins + 1], given contexts and z = log(pT / threshold), [n]."""
        known = with_columns(context, [z, tf.exp(-z)])
        logits = self.own(known)
        if sources is None:
            return logits
        hidden = tf.nn.relu(self.query(known) + self.source.of_columns(sources.features))
        series = sources.seen(self.series(hidden))
        sums = [over_sources(series * wave, sources.number) for wave in sources.eta_waves]
        return logits + tf.matmul(tf.concat(sums, axis=1), self._basis)


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
        candidate: Candidate,
        sources: Sources,
    ) -> tf.Tensor:
        """Logits of its position, [n, bins + 1].

        Args:
            context: [n, width].
            z: log(pT / threshold), [n].
            eta: [n].
            recoil: `recoil_features` of what came before, [8, n].
            candidate: That for a W boson.
            sources: The objects before.
        """
        of_w = candidate.features
        known = with_columns(context, [z, tf.exp(-z), eta, eta * eta, tf.abs(eta)], recoil, of_w)
        hidden = self.own.hidden(known)
        # The first knot and the last are one.
        logits = self.own.last.closed(hidden)
        series = sources.seen(self._pair_series(self.query(known), z, eta, sources))
        toward_recoil = waves(azimuth(recoil[5], recoil[6]), self._harmonics)
        toward_w = waves(azimuth(of_w[0], of_w[1]), self._harmonics)
        from_recoil = self.recoil_series(hidden)
        from_w = self._candidate_series(hidden, z, eta, candidate)
        sums = [
            over_sources(series * waves_, sources.number) + from_recoil * recoil_ + from_w * w
            for waves_, recoil_, w in zip(sources.phi_waves, toward_recoil, toward_w, strict=True)
        ]
        return logits + tf.matmul(tf.concat(sums, axis=1), self._basis)

    def _pair_series(self, query: tf.Tensor, z: tf.Tensor, eta: tf.Tensor, sources: Sources) -> tf.Tensor:
        """Coefficients of the cosines of the distance in phi to each source, [j, n, harmonics]."""
        objects = sources.objects
        apart = tf.abs(eta - objects.eta)
        squared = apart * apart
        # What is left of Delta-R = 0.6, within which no two jets lie, once eta is known.
        left = tf.sqrt(tf.maximum(0.36 - squared, 1e-6))
        distance = tf.stack([apart, tf.minimum(apart, 1.0), tf.exp(-2 * squared), left])
        known = self.source.of_columns(tf.concat([sources.features, distance], axis=0))
        hidden = tf.nn.relu(query + known)
        hidden += tf.nn.relu(self.middle(hidden))
        # m^2 = 2 pT pT' (cosh(delta eta) - cos(delta phi)) of massless jets.
        log_ratio = 2 * (self.log_masses[0] - np.log(PT_MIN[0])) - z - objects.z
        cos = tf.cosh(apart) - tf.exp(log_ratio) / 2
        sizes = self.peaks(hidden) * tf.expand_dims(sources.jet, -1)
        return self.series(hidden) + peaks_at(sizes, cos, self._harmonics)

    def _candidate_series(
        self, hidden: tf.Tensor, z: tf.Tensor, eta: tf.Tensor, candidate: Candidate
    ) -> tf.Tensor:
        """Coefficients of the cosines of the distance in phi to the candidate, [n, harmonics].

        With a massless jet it has the mass m where
        m^2 - m_W^2 = 2 (E_W E - pz_W pz - pT_W pT cos(delta phi)).
        """
        px, py, pz, energy = tf.unstack(candidate.momentum)
        pt_squared = px * px + py * py
        mass_squared = tf.exp(2 * self.log_masses[1]) / 1e4 - (energy * energy - pz * pz - pt_squared)
        along = energy * tf.cosh(eta) - pz * tf.sinh(eta)
        cos = (along - mass_squared * (50 / PT_MIN[0]) * tf.exp(-z)) / tf.sqrt(pt_squared + 1e-6)
        peaks = peaks_at(self.candidate_peaks(hidden), cos, self._harmonics)
        return self.candidate_series(hidden) + peaks


def with_columns(context: tf.Tensor, columns: Sequence[tf.Tensor], *features: tf.Tensor) -> tf.Tensor:
    """Contexts [n, width], then columns [n], then features [..., n], [n, width + ...]."""
    return tf.concat([context, tf.transpose(tf.concat([tf.stack(columns), *features], axis=0))], axis=1)


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
            pairs: `pair_features` and `pair_distance` with the objects before, [j, n] each.
            sources: These, if there are any.
        """
        z, eta = objects.z, objects.eta
        own = [z, tf.exp(-z), eta, eta * eta, tf.abs(eta), objects.cos, objects.sin]
        known = with_columns(context, own, recoil)
        if sources is None:
            return self.own(known)
        with_each = tf.concat([tf.stack(pairs), sources.features], axis=0)
        near = tf.nn.relu(self.query(known) + self.source.of_columns(with_each))
        return self.own(known, self.pool(over_sources(sources.seen(near), sources.number)))
