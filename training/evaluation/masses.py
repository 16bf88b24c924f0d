"""Candidates for hadronically decaying W bosons and top quarks, and how often their masses come out right."""

from collections.abc import Iterator, Mapping
from itertools import combinations, product
from typing import Final

import numpy as np

from events.batch import Bools, EventBatch
from events.masses import TOP_MASS, W_MASS
from events.objects import ObjectType
from training.evaluation.judgement import Figure
from training.evaluation.leading import Array, Leading, invariant_mass

W_WINDOW: Final = 15.0
TOP_WINDOW: Final = 25.0
"""Half widths of the mass windows in GeV, about twice the resolution of the masses."""

_WINDOWS: Final = (("w_mass", "W", W_MASS, W_WINDOW), ("top_mass", "top", TOP_MASS, TOP_WINDOW))
_LIGHT_JETS: Final = 4
_B_JETS: Final = 2
_PAIRS: Final = tuple(combinations(range(_LIGHT_JETS), 2))
_TRIPLES: Final = tuple(product(range(len(_PAIRS)), range(_B_JETS)))


def candidate_masses(batch: EventBatch) -> tuple[Array, Array]:
    """Masses of the W and the top candidate of each event in GeV, float64[n] each; NaN where there is none.

    The W candidate is the pair among the four leading light jets whose mass is nearest to the W boson's. The
    top candidate is the triple of such a pair and one of the two leading b-jets that comes nearest to both
    masses, in units of the windows' widths.
    """
    jets = Leading.of(batch, (ObjectType.JET,), _LIGHT_JETS).momenta
    b_jets = Leading.of(batch, (ObjectType.B_JET,), _B_JETS).momenta
    pairs = np.stack([jets[..., i] + jets[..., j] for i, j in _PAIRS], axis=-1)
    triples = np.stack([pairs[..., pair] + b_jets[..., b] for pair, b in _TRIPLES], axis=-1)
    w, top = invariant_mass(pairs), invariant_mass(triples)
    from_w = np.abs(w - W_MASS) / W_WINDOW
    from_both = np.hypot(from_w[:, [pair for pair, _ in _TRIPLES]], (top - TOP_MASS) / TOP_WINDOW)
    return _nearest(w, from_w), _nearest(top, from_both)


def window_figures(truth: Mapping[str, Array], sample: Mapping[str, Array]) -> Iterator[Figure]:
    """By how much the sample's share of candidates in each mass window exceeds truth's.

    Args:
        truth: Candidates' masses of truth, ``w_mass`` and ``top_mass``, NaN where an event has none.
        sample: Those of the sample.
    """
    for key, name, mass, width in _WINDOWS:
        found = [_inside(masses[key], mass, width) for masses in (truth, sample)]
        if all(len(inside) for inside in found):
            shares = [float(inside.mean()) for inside in found]
            error = sum(p * (1 - p) / len(inside) for p, inside in zip(shares, found, strict=True)) ** 0.5
            label = f"{name} candidates within {width:g} GeV, above truth's share of {shares[0]:.4g}"
            yield Figure(f"{name}_window", label, shares[1] - shares[0], error, ideal=0.0)


def _inside(masses: Array, mass: float, width: float) -> Bools:
    finite = masses[np.isfinite(masses)]
    inside: Bools = np.abs(finite - mass) < width
    return inside


def _nearest(masses: Array, away: Array) -> Array:
    """The mass in each row that is the least away; NaN where all are NaN."""
    best = np.argmin(np.where(np.isnan(away), np.inf, away), axis=1)
    return np.take_along_axis(masses, best[:, None], axis=1)[:, 0]
