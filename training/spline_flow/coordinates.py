"""Coordinates of whole events, in which the exact parts of the physics are done before a flow begins.

- Jets and b-jets come by falling pT: what each has above threshold is a share of what the one before has.
  All objects lie above the threshold and below the pseudorapidity limit of their type, as in training.
- Azimuths are relative to the first object's. The event as a whole is turned by a uniform angle and
  reflected, or not, along the beam and across it: colliding protons know neither direction nor orientation.
- A jet's mass is told as a fraction of its pT; leptons and photons have none. So E >= p.
- The azimuth of MET is relative to the direction that would balance the objects.
- Every coordinate on a line is told by its quantile, as standard deviations of a normal distribution: a flow
  that has learnt nothing gives the right spectra, one that has learnt adds how they hang together.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final, Self

import numpy as np
import tensorflow as tf

from events.batch import Bools, Floats, Ints
from events.objects import OBJECT_CUTS
from training.angles import wrap
from training.spline_flow.layout import JET_GROUPS, GroupedSlots
from training.spline_flow.quantiles import QuantileTable, from_normal

N_PLACEMENT: Final = 3
"""Uniform numbers that place an event: two reflections, along the beam and across it, and an azimuth."""

_TINY: Final = 1e-3
"""GeV that a pT is above its threshold at least, and that MET has at least."""

_MET: Final = "met"


@dataclass(frozen=True, slots=True)
class EventCoordinates:
    """The coordinates of events: lines (pT and eta of each slot, mass of each jet, MET), then circles.

    Attributes:
        slots: The slots of an event.
        pt_min: Threshold of each object type in GeV.
        eta_max: Limit of ``|eta|`` of each object type.
        tables: Quantiles of each kind of line: ``pt`` is log(pT - threshold), ``drop`` what that falls by
            from one jet to the next, ``eta`` the share of the limit, ``mass`` that over pT, negative where
            E < p, each with the number of its group, and ``met`` the logarithm of MET.
    """

    slots: GroupedSlots
    pt_min: tuple[float, ...]
    eta_max: tuple[float, ...]
    tables: dict[str, QuantileTable]

    @classmethod
    def fit(cls, slots: GroupedSlots, met: Floats, types: Ints, objects: Floats) -> Self:
        """Learn thresholds, limits and quantiles.

        Args:
            slots: The slots of an event.
            met: MET in GeV and its azimuth, float32[n, 2].
            types: Object types, int64[n, s], -1 where there is no object.
            objects: E, pT, eta and phi of the objects, float32[n, s, 4].

        Raises:
            ValueError: If there are no events.
        """
        pt_min, eta_max = _limits(types, objects)
        lines, _, filled = _measure(slots, pt_min, eta_max, met, types, objects)
        kinds, has = np.array(_line_kinds(slots)), _has_lines(slots, filled)
        tables = {}
        for kind in dict.fromkeys(kinds.tolist()):
            sample = lines[:, kinds == kind][has[:, kinds == kind]]
            tables[kind] = QuantileTable.fit(sample, symmetric=kind.startswith("eta"))
        return cls(slots, pt_min, eta_max, tables)

    def to_json(self) -> dict[str, Any]:
        """In terms that JSON has."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(
            GroupedSlots(**stored["slots"]),
            tuple(stored["pt_min"]),
            tuple(stored["eta_max"]),
            {name: QuantileTable(tuple(table["values"])) for name, table in stored["tables"].items()},
        )

    @property
    def lines(self) -> int:
        """Number of coordinates on the line."""
        return len(_line_kinds(self.slots))

    @property
    def circles(self) -> int:
        """Number of coordinates on the circle."""
        return self.slots.total + 1

    def forward(self, met: Floats, types: Ints, objects: Floats) -> Floats:
        """Coordinates of events, float32[n, lines + circles], with 0 for those that an event lacks.

        Arguments as for `fit`.
        """
        lines, circles, filled = _measure(self.slots, self.pt_min, self.eta_max, met, types, objects)
        columns = [
            self.tables[kind].to_normal(column)
            for kind, column in zip(_line_kinds(self.slots), lines.T, strict=True)
        ]
        return np.column_stack(
            [np.where(_has_lines(self.slots, filled), np.column_stack(columns), 0), circles]
        )

    def present(self, filled: tf.Tensor) -> tf.Tensor:
        """1 for each coordinate that events have, else 0, float32[n, lines + circles].

        Args:
            filled: 1 for each slot with an object, else 0, float32[n, slots].
        """
        every = tf.ones_like(filled[:, :1])
        masses = filled[:, : self.slots.jets + self.slots.b_jets]
        return tf.concat([filled, filled, masses, every, filled - _first(filled), every], axis=1)

    def reflect(self, x: tf.Tensor, along: tf.Tensor, across: tf.Tensor) -> tf.Tensor:
        """Coordinates of events reflected along the beam and across it where -1 says so, not where 1 does.

        Args:
            x: Coordinates, [n, lines + circles].
            along: Sign of each pseudorapidity, [n, 1].
            across: Sign of each azimuth, [n, 1].
        """
        slots = self.slots.total
        pt, eta, rest, circles = tf.split(x, (slots, slots, self.lines - 2 * slots, self.circles), axis=1)
        return tf.concat([pt, eta * along, rest, circles * across], axis=1)

    def events(self, x: tf.Tensor, mask: tf.Tensor, placement: tf.Tensor) -> dict[str, tf.Tensor]:
        """The events of coordinates, as an events graph gives them: GeV and radians.

        Args:
            x: Coordinates, float32[n, lines + circles].
            mask: Numbers of objects of each type, int64[n, 7].
            placement: Uniform numbers, float32[n, 3].
        """
        filled, types = self.slots.fill(mask)
        x = self.reflect(x, *(tf.where(placement[:, i : i + 1] < 0.5, -1.0, 1.0) for i in (0, 1)))
        values = from_normal([self.tables[kind] for kind in _line_kinds(self.slots)], x[:, : self.lines])
        slots, masses = self.slots.total, self.slots.jets + self.slots.b_jets
        above, share, mass, log_met = tf.split(values, (slots, slots, masses, 1), axis=1)
        pt = tf.gather(np.array(self.pt_min, np.float32), types) + tf.exp(
            tf.matmul(above, _running_sum(self.slots))
        )
        eta = share * tf.gather(np.array(self.eta_max, np.float32), types)
        mass_squared = tf.pad(tf.maximum(mass * tf.abs(mass), 0.0), [[0, 0], [0, slots - masses]])
        circles = x[:, self.lines :]
        phi = circles[:, :-1] * (1 - _first(filled))
        turn = np.float32(2 * np.pi) * placement[:, 2]
        return {
            "type": tf.where(filled > 0, types, -1),
            "E": pt * tf.sqrt(tf.square(tf.cosh(eta)) + mass_squared),
            "pt": pt,
            "eta": eta,
            "phi": wrap(phi + turn[:, None]),
            "met": tf.exp(log_met[:, 0]),
            "met_phi": wrap(_recoil(filled * pt, phi) + circles[:, -1] + turn),
        }


def _limits(types: Ints, objects: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The lowest pT and the highest ``|eta|`` of each object type, within the cuts."""
    pt_min, eta_max = [], []
    for type_, cut in enumerate(OBJECT_CUTS):
        _, pt, eta, _ = objects[types == type_].T
        # A little beyond the extremes, so that they are values among others.
        pt_min.append(max(cut.pt_min, 0.999 * float(pt.min())) if pt.size else cut.pt_min)
        eta_max.append(min(cut.abs_eta_max, 1.001 * float(np.abs(eta).max())) if pt.size else cut.abs_eta_max)
    return tuple(pt_min), tuple(eta_max)


def _line_kinds(slots: GroupedSlots) -> list[str]:
    """The kind of each line."""
    places = list(zip(slots.group.tolist(), slots.rank.tolist(), strict=True))
    pt = [f"drop_{group}" if group < JET_GROUPS and rank else f"pt_{group}" for group, rank in places]
    eta = [f"eta_{group}" for group, _ in places]
    mass = [f"mass_{group}" for group, _ in places if group < JET_GROUPS]
    return [*pt, *eta, *mass, _MET]


def _has_lines(slots: GroupedSlots, filled: Bools) -> Bools:
    every = np.ones((len(filled), 1), np.bool_)
    return np.concatenate([filled, filled, filled[:, : slots.jets + slots.b_jets], every], axis=1)


def _running_sum(slots: GroupedSlots) -> Floats:
    """Matrix that turns the pT coordinates of an event, as a row, into log(pT - threshold)."""
    same = slots.group[:, None] == slots.group
    chained = same & (slots.group < JET_GROUPS) & (slots.rank[:, None] <= slots.rank)
    sign = np.where(slots.rank[:, None] == 0, 1, -1)
    return np.where(chained, sign, np.eye(slots.total)).astype(np.float32)


def _measure(
    slots: GroupedSlots,
    pt_min: tuple[float, ...],
    eta_max: tuple[float, ...],
    met: Floats,
    types: Ints,
    objects: Floats,
) -> tuple[Floats, Floats, Bools]:
    """Lines before their quantiles [n, lines], circles [n, circles], and filled slots [n, slots]."""
    index, filled = slots.arrange(types, objects[:, :, 1])
    types = np.take_along_axis(types, index, axis=1)
    E, pt, eta, phi = np.moveaxis(np.take_along_axis(objects, index[..., None], axis=1), 2, 0).astype(
        np.float64
    )
    above = np.log(np.maximum(pt - np.array(pt_min)[types], _TINY))
    above[:, slots.chained] = above[:, np.flatnonzero(slots.chained) - 1] - above[:, slots.chained]
    mass_squared = np.square(E / np.maximum(pt, _TINY)) - np.square(np.cosh(eta))
    mass = np.sign(mass_squared) * np.sqrt(np.abs(mass_squared))
    first = phi[np.arange(len(phi)), filled.argmax(axis=1)]
    recoil = np.angle(-np.sum(np.where(filled, pt, 0) * np.exp(1j * phi), axis=1))
    circles = np.column_stack([np.where(filled, phi - first[:, None], 0), met[:, 1] - recoil])
    lines = np.column_stack(
        [
            above,
            eta / np.array(eta_max)[types],
            mass[:, : slots.jets + slots.b_jets],
            np.log(np.maximum(met[:, 0], _TINY)),
        ]
    )
    return lines.astype(np.float32), ((circles + np.pi) % (2 * np.pi) - np.pi).astype(np.float32), filled


def _first(filled: tf.Tensor) -> tf.Tensor:
    """1 for the object from which azimuths are counted, else 0, float32[n, slots]."""
    return filled * tf.cast(tf.cumsum(filled, axis=1) < 1.5, tf.float32)


def _recoil(pt: tf.Tensor, phi: tf.Tensor) -> tf.Tensor:
    """The azimuth that balances objects, [n], from their pT (0 for none) and phi, [n, slots]."""
    x, y = (tf.reduce_sum(pt * direction, axis=1) for direction in (tf.cos(phi), tf.sin(phi)))
    # Not atan2: its ONNX form takes the sign of 0 for 0, and the only object of an event lies at y = 0.
    slope = y / tf.where(tf.abs(x) < _TINY, _TINY, x)
    return tf.atan(slope) + tf.where(x < 0, 0.0, np.float32(np.pi))
