"""What two samples are compared in: one number an event and observable, NaN where an event has none."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch
from events.kinematics import delta_phi, delta_r, mass, momentum_x, momentum_y, momentum_z
from events.objects import ObjectType
from training.evaluation.features import LEPTONS
from training.evaluation.leading import JETS, Array, Leading, distance, invariant_mass
from training.evaluation.masses import candidate_masses

Scale: TypeAlias = Literal["linear", "log", "count"]

# Name, noun, types and how many of the leading ones.
_LEADING: Final = (
    ("jet", "jet", JETS, 4),
    ("b_jet", "$b$-jet", (ObjectType.B_JET,), 2),
    ("electron", "electron", (ObjectType.ELECTRON, ObjectType.POSITRON), 1),
    ("muon", "muon", (ObjectType.MUON, ObjectType.ANTIMUON), 1),
    ("photon", "photon", (ObjectType.PHOTON,), 1),
)
_RANKS: Final = ("leading", "2nd", "3rd", "4th")
_PAIRED_JETS: Final = 3


@dataclass(frozen=True, slots=True)
class Observable:
    """One number of each event.

    Attributes:
        name: Name in tables.
        label: Label of an axis without its unit; TeX between dollars.
        unit: Its unit; empty if there is none.
        values: The values, NaN where the event has none, float64[n].
        scale: How it is best shown and learnt from: as it is, its logarithm, or as whole numbers.
    """

    name: str
    label: str
    unit: str
    values: Array
    scale: Scale = "linear"

    @property
    def axis(self) -> str:
        """The label with the unit in brackets."""
        return f"{self.label} [{self.unit}]" if self.unit else self.label


def observables(batch: EventBatch) -> dict[str, Observable]:
    """All observables of a sample by name. Energies in GeV, angles in radians.

    Masses are those of jets and of pairs only: that of a single lepton or photon is rounding.
    """
    parts = (_counts, _totals, _objects, _pairs, _closest_jets, _candidates)
    return {one.name: one for part in parts for one in part(batch)}


def _counts(batch: EventBatch) -> Iterator[Observable]:
    yield Observable(
        "n_objects", "Number of objects", "", batch.multiplicity.astype(np.float64), scale="count"
    )
    for type_, column in zip(ObjectType, batch.masks().T, strict=True):
        name = type_.name.lower()
        label = f"Number of {name.replace('_', '-')}s"
        yield Observable(f"n_{name}", label, "", column.astype(np.float64), scale="count")


def _totals(batch: EventBatch) -> Iterator[Observable]:
    pt, eta, phi, energy = (getattr(batch, name).astype(np.float64) for name in ("pt", "eta", "phi", "E"))
    px, py, pz = momentum_x(pt, phi), momentum_y(pt, phi), momentum_z(pt, eta)
    sum_pt, sum_x, sum_y, sum_z, sum_e = (_event_sum(batch, part) for part in (pt, px, py, pz, energy))
    met, met_phi = batch.met.astype(np.float64), batch.met_phi.astype(np.float64)
    unseen_x, unseen_y = sum_x + momentum_x(met, met_phi), sum_y + momentum_y(met, met_phi)
    total = np.stack([sum_e, sum_x, sum_y, sum_z])
    balance = r"Vector $p_T$ sum of objects and $E_T^{miss}$"
    yield Observable("met", r"$E_T^{miss}$", "GeV", met, "log")
    yield Observable("met_phi", r"$\phi(E_T^{miss})$", "rad", met_phi)
    yield Observable("ht", r"Scalar $p_T$ sum of objects", "GeV", sum_pt, "log")
    yield Observable("recoil", r"Vector $p_T$ sum of objects", "GeV", np.hypot(sum_x, sum_y), "log")
    yield Observable("imbalance", balance, "GeV", np.hypot(unseen_x, unseen_y), "log")
    yield Observable("p_z", r"Longitudinal momentum of objects", "GeV", sum_z)
    yield Observable("energy", "Total energy of objects", "GeV", sum_e, "log")
    yield Observable("mass", "Invariant mass of objects", "GeV", invariant_mass(total), "log")


def _objects(batch: EventBatch) -> Iterator[Observable]:
    met_phi = batch.met_phi.astype(np.float64)
    for name, noun, types, ranks in _LEADING:
        leading = Leading.of(batch, types, ranks)
        for rank in range(ranks):
            one, prefix, text = leading[rank], f"{name}_{rank + 1}", f"the {_RANKS[rank]} {noun}"
            angle = np.abs(delta_phi(one.phi, met_phi))
            yield Observable(f"{prefix}_pt", f"$p_T$ of {text}", "GeV", one.pt, "log")
            yield Observable(f"{prefix}_eta", rf"$\eta$ of {text}", "", one.eta)
            yield Observable(f"{prefix}_phi", rf"$\phi$ of {text}", "rad", one.phi)
            yield Observable(f"{prefix}_E", f"Energy of {text}", "GeV", one.E, "log")
            yield Observable(
                f"{prefix}_angle_to_met", rf"$|\Delta\phi|$ of {text} and $E_T^{{miss}}$", "rad", angle
            )
            if set(types) <= set(JETS):
                share = mass(one.E, one.pt, one.eta) / one.pt
                yield Observable(f"{prefix}_m_over_pt", f"$m / p_T$ of {text}", "", share)


def _pairs(batch: EventBatch) -> Iterator[Observable]:
    jets = Leading.of(batch, JETS, _PAIRED_JETS)
    b_jets, leptons = Leading.of(batch, (ObjectType.B_JET,), 2), Leading.of(batch, LEPTONS, 2)
    for i, j in combinations(range(_PAIRED_JETS), 2):
        text = f"the {_RANKS[i]} and {_RANKS[j]} jet"
        yield from _pair(f"jets_{i + 1}{j + 1}", text, jets[i], jets[j])
    yield from _pair("b_jets_12", "the leading and 2nd $b$-jet", b_jets[0], b_jets[1])
    yield from _pair("leptons_12", "the leading and 2nd lepton", leptons[0], leptons[1])
    yield from _pair("lepton_jet", "the leading lepton and jet", leptons[0], jets[0])
    yield from _pair("lepton_b_jet", "the leading lepton and $b$-jet", leptons[0], b_jets[0])
    angle = delta_phi(leptons[0].phi, batch.met_phi.astype(np.float64))
    transverse = np.sqrt(2 * leptons[0].pt * batch.met * (1 - np.cos(angle)))
    label = r"Transverse mass of lepton and $E_T^{miss}$"
    yield Observable("lepton_met_mt", label, "GeV", transverse)


def _pair(name: str, text: str, first: Leading, second: Leading) -> Iterator[Observable]:
    together = invariant_mass(first.momenta + second.momenta)
    yield Observable(f"{name}_mass", f"Mass of {text}", "GeV", together, "log")
    yield Observable(f"{name}_dr", rf"$\Delta R$ of {text}", "", distance(first, second))


def _closest_jets(batch: EventBatch) -> Iterator[Observable]:
    """Distance of the two jets that are closest to each other: no two are closer than the jets' radius."""
    jets = np.flatnonzero(np.isin(batch.type, JETS))
    event = batch.event_index[jets]
    eta, phi = batch.eta[jets].astype(np.float64), batch.phi[jets].astype(np.float64)
    values = np.full(len(batch), np.inf)
    for step in range(1, int(np.bincount(event, minlength=1).max(initial=0))):
        pairs = np.flatnonzero(event[:-step] == event[step:])
        other = pairs + step
        np.minimum.at(values, event[pairs], delta_r(eta[pairs], phi[pairs], eta[other], phi[other]))
    values[np.isinf(values)] = np.nan
    yield Observable("closest_jets", r"Least $\Delta R$ of two jets", "", values)


def _candidates(batch: EventBatch) -> Iterator[Observable]:
    w, top = candidate_masses(batch)
    yield Observable("w_mass", "Mass of the $W$ candidate", "GeV", w, "log")
    yield Observable("top_mass", "Mass of the top candidate", "GeV", top, "log")


def _event_sum(batch: EventBatch, values: npt.NDArray[np.floating]) -> Array:
    return np.bincount(batch.event_index, values, len(batch)).astype(np.float64)
