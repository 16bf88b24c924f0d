"""Jets: anti-kT clusters of calorimeter towers (arXiv:0802.1189), their energy scale and their b-tags."""

from dataclasses import dataclass

import numpy as np

from training.simulate.arrays import Bools, Floats, Ints, cone_pairs, summed
from training.simulate.calorimeter import Towers
from training.simulate.particles import Particles
from training.simulate.response import JetResponse


@dataclass(frozen=True, slots=True)
class Jets:
    """k jets of n events, ordered by event. GeV and radians.

    Attributes:
        event: Index of the event, int64[k].
        E: Energy, float64[k].
        pt: Transverse momentum, float64[k].
        eta: Pseudorapidity, float64[k].
        phi: Azimuth, float64[k].
        jet_of_tower: Index of the jet that each tower is part of, -1 for none, int64[t].
    """

    event: Ints
    E: Floats
    pt: Floats
    eta: Floats
    phi: Floats
    jet_of_tower: Ints


def find_jets(towers: Towers, n_events: int, response: JetResponse) -> Jets:
    """Cluster towers to jets and apply the jet energy scale.

    A jet's momentum is the sum of its massless towers, so a jet has mass.
    """
    px, py = towers.pt * np.cos(towers.phi), towers.pt * np.sin(towers.phi)
    pz = towers.pt * np.sinh(towers.eta)
    jet_of_tower = _cluster(towers, (px, py, pz), n_events, response)
    inside = jet_of_tower >= 0
    index = jet_of_tower[inside]
    n = int(index.max(initial=-1)) + 1
    sum_x, sum_y, sum_z, sum_e = (summed(index, part[inside], n) for part in (px, py, pz, towers.energy))
    event = np.zeros(n, np.int64)
    event[index] = towers.event[inside]
    pt = np.hypot(sum_x, sum_y)
    eta = np.arcsinh(sum_z / pt)
    scale = response.energy_scale(pt, eta)
    return Jets(event, scale * sum_e, scale * pt, eta, np.arctan2(sum_y, sum_x), jet_of_tower)


def b_tagged(jets: Jets, heavy_quarks: Particles, response: JetResponse, rng: np.random.Generator) -> Bools:
    """Which jets are tagged as b-jets, by the heaviest quark in the cone, bool[k]."""
    quark_eta = heavy_quarks.eta
    usable = (heavy_quarks.pt > response.quark_pt_min) & (np.abs(quark_eta) < response.quark_abs_eta_max)
    quarks = heavy_quarks[usable]
    i, k = cone_pairs(
        (jets.event, jets.eta, jets.phi), (quarks.event, quark_eta[usable], quarks.phi), response.flavour_cone
    )
    flavour = np.zeros(len(jets.event), np.int64)
    np.maximum.at(flavour, i, np.abs(quarks.pdg_id[k]))
    tagged: Bools = rng.random(len(flavour)) < response.tag_efficiency(jets.pt, flavour)
    return tagged


def _cluster(
    towers: Towers, momentum: tuple[Floats, Floats, Floats], n_events: int, response: JetResponse
) -> Ints:
    """Index of the jet of each tower, -1 for none; jets are numbered in the order of events."""
    import awkward as ak  # noqa: PLC0415
    import fastjet  # noqa: PLC0415

    lit = np.flatnonzero(towers.energy > 0)
    lit = lit[np.argsort(towers.event[lit], kind="stable")]
    columns = [part[lit] for part in (*momentum, towers.energy)]
    record = ak.zip(dict(zip(("px", "py", "pz", "E"), columns, strict=True)), with_name="Momentum4D")
    counts = np.bincount(towers.event[lit], minlength=n_events)
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, response.radius)
    sequence = fastjet.ClusterSequence(ak.unflatten(record, counts), definition)
    members = sequence.constituent_index(response.pt_min)
    sizes = ak.num(members, axis=2)
    jet = np.repeat(np.arange(ak.count(sizes)), ak.to_numpy(ak.flatten(sizes)))
    first = np.repeat(np.cumsum(counts) - counts, ak.to_numpy(ak.sum(sizes, axis=1)))
    jet_of_tower = np.full(len(towers.event), -1)
    jet_of_tower[lit[first + ak.to_numpy(ak.flatten(members, axis=None))]] = jet
    return jet_of_tower
