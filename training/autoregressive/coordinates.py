"""What an autoregressive model sees of an event: exact symmetries removed, every range known.

- The first object lies at azimuth 0 with eta >= 0, the second at an azimuth in [0, pi]: an event is turned
  and reflected until it does, and generated events are turned and reflected at random.
- Objects come by type, those of a type by falling pT. log(pT / threshold) of the first of a type is told by
  its quantile, that of each further one as a share of the one before, again by its quantile. The first of a
  type that is the last chance to pass the selection has a table of its own: so generated events pass it.
- Pseudorapidity is told as a share of its range. A jet's mass is told as the quantile of m / pT; leptons and
  photons have none. So E >= p.
- MET is told as the vector sum of MET and all objects, along and across that of the objects: it is what the
  detector missed, not what balances the event.

Positions are logistic quantiles, linear within +-LIMIT: tails get as many bins as the bulk.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from events.batch import Floats, Ints
from events.objects import EVENT_CRITERIA, N_OBJECT_TYPES, OBJECT_CUTS
from training.autoregressive.quantiles import LogisticTable

RANKS: Final = 4
"""Positions among the objects of a type that have a table of their own; later ones share the last."""

LAST_CHANCE: Final = RANKS
"""What stands for the rank of an object that must pass the selection, as no other can."""

KINDS: Final = RANKS + 1
"""Tables of pT of each type."""

JET_TYPES: Final = 2
"""The first types, jets and b-jets, have masses."""

PT_MIN: Final = np.array([cut.pt_min for cut in OBJECT_CUTS], np.float32)
LOG_CRITERION: Final = np.log(np.array([cut.pt_min for cut in EVENT_CRITERIA], np.float32) / PT_MIN) - 1e-5
"""log(pT / threshold) with which an object of each type lets an event pass the selection, less rounding."""

ETA_MAX: Final = np.array([cut.abs_eta_max for cut in OBJECT_CUTS], np.float32)

_TINY: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Coordinates:
    """The tables of quantiles.

    Attributes:
        pt: Of log(pT / threshold) and of its shares, for each type and rank in turn, the last chance as one.
        mass: Of m / pT, for each type of jet.
        met: Of the residual along and across the sum of the objects, in GeV.
    """

    pt: tuple[LogisticTable, ...]
    mass: tuple[LogisticTable, ...]
    met: tuple[LogisticTable, ...]

    @classmethod
    def fit(cls, events: "Canonical") -> Self:
        """Learn them from events."""
        kinds_, held = pt_kinds(events.types, events.log_pt), events.types >= 0
        relative = _relative_pt(events)
        kinds = range(N_OBJECT_TYPES * KINDS)
        return cls(
            tuple(LogisticTable.fit(relative[held & (kinds_ == kind)]) for kind in kinds),
            tuple(LogisticTable.fit(events.mass[events.types == type_]) for type_ in range(JET_TYPES)),
            tuple(LogisticTable.fit(residual) for residual in _residual(events)),
        )

    def to_json(self) -> dict[str, Any]:
        """In terms that JSON has."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(
            *(
                tuple(LogisticTable(tuple(table["values"])) for table in stored[name])
                for name in ("pt", "mass", "met")
            )
        )

    def positions(self, events: "Canonical") -> tuple[Floats, Floats]:
        """Positions in [0, 1] of pT, eta, phi and mass [n, s, 4], and of the two residuals [n, 2].

        Those that an object lacks are arbitrary.
        """
        kinds, relative, types = pt_kinds(events.types, events.log_pt), _relative_pt(events), events.types
        places = np.full((*types.shape, 4), 0.5, np.float32)
        for kind, table in enumerate(self.pt):
            chosen = (kinds == kind) & (types >= 0)
            places[chosen, 0] = table.to_position(relative[chosen])
        places[..., 1] = (events.eta / ETA_MAX[types] + 1) / 2
        places[..., 2] = events.phi / (2 * np.pi) + 0.5
        for type_, table in enumerate(self.mass):
            places[types == type_, 3] = table.to_position(events.mass[types == type_])
        residuals = zip(self.met, _residual(events), strict=True)
        return np.clip(places, 0, 1), np.stack([table.to_position(x) for table, x in residuals], axis=1)

    def log_pt(
        self, kind: tf.Tensor, first: tf.Tensor, position: tf.Tensor, previous: tf.Tensor
    ) -> tf.Tensor:
        """log(pT / threshold) from positions, all of one shape.

        Args:
            kind: See `pt_kinds`, int64.
            first: 1 for the first of a type, else 0.
            position: Of pT.
            previous: log(pT / threshold) of the object before.
        """
        value = tf.maximum(LogisticTable.look_up(self.pt, kind, position), 0.0)
        return value * (first + (1 - first) * previous)


@dataclass(frozen=True, slots=True)
class Canonical:
    """Events turned and reflected as the module says, float64.

    Attributes:
        types: int64[n, s], -1 where there is no object.
        log_pt: log(pT / threshold), [n, s]; 0 where there is no object, as are all others.
        eta: [n, s].
        phi: [n, s] in [-pi, pi).
        mass: m / pT, [n, s].
        met: MET along x and y in GeV, [n, 2].
    """

    types: Ints
    log_pt: npt.NDArray[np.float64]
    eta: npt.NDArray[np.float64]
    phi: npt.NDArray[np.float64]
    mass: npt.NDArray[np.float64]
    met: npt.NDArray[np.float64]

    @classmethod
    def of(cls, met: Floats, types: Ints, objects: Floats) -> Self:
        """Turn and reflect events.

        Args:
            met: MET in GeV and its azimuth, float32[n, 2].
            types: Object types, int64[n, s], -1 where there is no object.
            objects: E, pT, eta and phi, float32[n, s, 4].
        """
        order = np.lexsort((-objects[..., 1], types % (N_OBJECT_TYPES + 1)), axis=1)
        types = np.take_along_axis(types, order, axis=1)
        ordered = np.take_along_axis(objects, order[..., None], axis=1).astype(np.float64)
        E, pt, eta, phi = np.moveaxis(ordered, 2, 0)
        held = types >= 0
        relative = wrapped(phi - phi[:, :1])
        along = np.where(eta[:, :1] < 0, -1, 1)
        across = np.where((relative[:, 1:2] < 0) & held[:, 1:2], -1, 1)
        azimuth = across[:, 0] * wrapped(met[:, 1].astype(np.float64) - phi[:, 0])
        mass_squared = np.maximum(np.square(E) - np.square(pt * np.cosh(eta)), 0)
        return cls(
            types,
            np.where(held, np.log(np.maximum(pt / PT_MIN[types], 1)), 0),
            np.where(held, eta * along, 0),
            np.where(held, relative * across, 0),
            np.where(held, np.sqrt(mass_squared) / np.maximum(pt, _TINY), 0),
            met[:, :1] * np.stack([np.cos(azimuth), np.sin(azimuth)], axis=1),
        )


def pt_kinds(types: Ints, log_pt: npt.NDArray[np.float64]) -> Ints:
    """Which table tells the pT of each object, int64[n, s].

    Args:
        types: Of ordered objects, int64[n, s], -1 where there is none.
        log_pt: Their log(pT / threshold), [n, s].
    """
    rank = _ranks(types)
    passes = (log_pt >= LOG_CRITERION[types]) & (types >= 0)
    passed = np.cumsum(passes, axis=1) - passes > 0
    last_type = types == types.max(axis=1, keepdims=True)
    kinds: Ints = np.where((rank == 0) & last_type & ~passed, LAST_CHANCE, rank)
    return np.maximum(types, 0) * KINDS + kinds


def _ranks(types: Ints) -> Ints:
    rank = np.zeros_like(types)
    for i in range(1, types.shape[1]):
        rank[:, i] = np.where(types[:, i] == types[:, i - 1], np.minimum(rank[:, i - 1] + 1, RANKS - 1), 0)
    return rank


def wrapped(angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The same angle in [-pi, pi)."""
    return (angle + np.pi) % (2 * np.pi) - np.pi


def _relative_pt(events: Canonical) -> npt.NDArray[np.float64]:
    """log(pT / threshold) of the first of each type, its share of the one before of the others, [n, s]."""
    before = np.maximum(np.roll(events.log_pt, 1, axis=1), _TINY)
    return np.where(_ranks(events.types) == 0, events.log_pt, np.minimum(events.log_pt / before, 1))


def _residual(events: Canonical) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """MET and all objects together, along the sum of the objects and across it, in GeV."""
    pt = np.where(events.types >= 0, PT_MIN[events.types] * np.exp(events.log_pt), 0)
    recoil = np.sum(pt * np.exp(1j * events.phi), axis=1)
    direction = recoil / np.maximum(np.abs(recoil), _TINY)
    residual = (events.met[:, 0] + 1j * events.met[:, 1] + recoil) * np.conj(direction)
    return residual.real, residual.imag
