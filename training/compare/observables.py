"""What two samples are compared in: one number an event and observable, NaN where an event has none."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch, Ints
from events.kinematics import delta_phi, delta_r, mass, momentum_x, momentum_y, momentum_z
from events.objects import ObjectType
from training.evaluation.features import ranked_objects

Floats: TypeAlias = npt.NDArray[np.float64]

JETS: Final = (ObjectType.JET, ObjectType.B_JET)

# Name, noun, types and how many of the leading ones.
_LEADING: Final = (
    ("jet", "jet", JETS, 4),
    ("b_jet", "$b$-jet", (ObjectType.B_JET,), 2),
    ("electron", "electron", (ObjectType.ELECTRON, ObjectType.POSITRON), 1),
    ("muon", "muon", (ObjectType.MUON, ObjectType.ANTIMUON), 1),
    ("photon", "photon", (ObjectType.PHOTON,), 1),
)
_RANKS: Final = ("leading", "2nd", "3rd", "4th")


@dataclass(frozen=True, slots=True)
class Observable:
    """One number of each event.

    Attributes:
        name: Name in tables.
        label: Label of an axis, with its unit in brackets.
        values: The values, NaN where the event has none, float64[n].
    """

    name: str
    label: str
    values: Floats


def observables(batch: EventBatch) -> dict[str, Observable]:
    """All observables of a sample by name. Energies in GeV, angles in radians."""
    found = [*_counts(batch), *_totals(batch), *_objects(batch), _closest_jets(batch)]
    return {one.name: one for one in found}


def _counts(batch: EventBatch) -> Iterator[Observable]:
    yield Observable("n_objects", "Number of objects", batch.multiplicity.astype(np.float64))
    for type_, column in zip(ObjectType, batch.masks().T, strict=True):
        name = type_.name.lower()
        yield Observable(f"n_{name}", f"Number of {name.replace('_', '-')}s", column.astype(np.float64))


def _totals(batch: EventBatch) -> Iterator[Observable]:
    pt, eta, phi, energy = (getattr(batch, name).astype(np.float64) for name in ("pt", "eta", "phi", "E"))
    px, py, pz = momentum_x(pt, phi), momentum_y(pt, phi), momentum_z(pt, eta)
    sum_pt, sum_x, sum_y, sum_z, sum_e = (_event_sum(batch, part) for part in (pt, px, py, pz, energy))
    met, met_phi = batch.met.astype(np.float64), batch.met_phi.astype(np.float64)
    unseen_x, unseen_y = sum_x + momentum_x(met, met_phi), sum_y + momentum_y(met, met_phi)
    squared: Floats = sum_e**2 - sum_x**2 - sum_y**2 - sum_z**2
    yield Observable("met", r"$E_T^{miss}$ [GeV]", met)
    yield Observable("ht", r"Scalar $p_T$ sum of objects [GeV]", sum_pt)
    yield Observable("recoil", r"Vector $p_T$ sum of objects [GeV]", np.hypot(sum_x, sum_y))
    yield Observable(
        "imbalance", r"Vector $p_T$ sum of objects and $E_T^{miss}$ [GeV]", np.hypot(unseen_x, unseen_y)
    )
    yield Observable("p_z", r"Longitudinal momentum of objects [GeV]", sum_z)
    yield Observable("mass", "Invariant mass of objects [GeV]", np.sqrt(np.maximum(squared, 0.0)))


def _objects(batch: EventBatch) -> Iterator[Observable]:
    masses = mass(batch.E, batch.pt, batch.eta) / batch.pt
    angle = np.abs(delta_phi(batch.phi, batch.met_phi[batch.event_index]))
    for name, noun, types, ranks in _LEADING:
        for rank in range(ranks):
            prefix = f"{name}_{rank + 1}"
            text = f"{_RANKS[rank]} {noun}"
            index = ranked_objects(batch, types, rank)
            columns = [
                ("pt", rf"$p_T$ of the {text} [GeV]", batch.pt),
                ("eta", rf"$\eta$ of the {text}", batch.eta),
                ("E", f"Energy of the {text} [GeV]", batch.E),
                ("angle_to_met", rf"$|\Delta\phi|$ of the {text} and $E_T^{{miss}}$ [rad]", angle),
            ]
            if set(types) <= set(JETS):
                columns.append(("m_over_pt", f"$m / p_T$ of the {text}", masses))
            for suffix, label, column in columns:
                yield Observable(f"{prefix}_{suffix}", label, _placed(batch, index, column))


def _closest_jets(batch: EventBatch) -> Observable:
    """Distance of the two jets that are closest to each other: no two are closer than the jets' radius."""
    jets = np.flatnonzero(np.isin(batch.type, JETS))
    event = batch.event_index[jets]
    values = np.full(len(batch), np.inf)
    for step in range(1, int(np.bincount(event, minlength=1).max(initial=0))):
        first, second = jets[:-step], jets[step:]
        same = event[:-step] == event[step:]
        first, second = first[same], second[same]
        distance = delta_r(batch.eta[first], batch.phi[first], batch.eta[second], batch.phi[second])
        np.minimum.at(values, event[:-step][same], distance)
    values[np.isinf(values)] = np.nan
    return Observable("closest_jets", r"Least $\Delta R$ of two jets", values)


def _placed(batch: EventBatch, index: Ints, values: npt.NDArray[np.floating]) -> Floats:
    """The values of chosen objects, at most one an event, at the place of their events."""
    column = np.full(len(batch), np.nan)
    column[batch.event_index[index]] = values[index]
    return column


def _event_sum(batch: EventBatch, values: npt.NDArray[np.floating]) -> Floats:
    return np.bincount(batch.event_index, values, len(batch)).astype(np.float64)
