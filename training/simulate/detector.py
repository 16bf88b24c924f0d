"""From particles to reconstructed objects: the detector as a whole."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from events.batch import EventBatch
from events.objects import ObjectType
from training.simulate.arrays import Bools, Floats, Ints, summed
from training.simulate.calorimeter import Readout, Towers, merge_towers, read_out
from training.simulate.energy_flow import Flow, split_tower_energy
from training.simulate.identification import NO_TOWER, Candidates, identify, merge
from training.simulate.jets import Jets, b_tagged, find_jets
from training.simulate.particles import ELECTRON, INVISIBLE, MUON, PHOTON, GeneratedBatch
from training.simulate.propagation import impact_point
from training.simulate.response import Response
from training.simulate.tracker import Tracks, find_tracks

# K0S and Lambda shower in both calorimeters: the electromagnetic share (arXiv:1307.6346, section 2.2).
_SHARED: Final = (310, 3122)
_SHARED_ECAL_FRACTION: Final = 0.3

_TYPES: Final = {
    ELECTRON: ObjectType.ELECTRON,
    -ELECTRON: ObjectType.POSITRON,
    MUON: ObjectType.MUON,
    -MUON: ObjectType.ANTIMUON,
    PHOTON: ObjectType.PHOTON,
}


@dataclass(frozen=True, slots=True)
class Objects:
    """Reconstructed objects of a batch of events, in any order. GeV and radians, arrays of one length."""

    event: Ints
    type: Ints
    E: Floats
    pt: Floats
    eta: Floats
    phi: Floats


def reconstruct(
    generated: GeneratedBatch, process: str, response: Response, rng: np.random.Generator
) -> EventBatch:
    """Reconstruct a batch of events.

    Args:
        generated: Final particles and heavy quarks.
        process: Process ID of the events.
        response: The detector.
        rng: Source of every random choice of the detector.

    Returns:
        All events with all objects, uncut, in the order of real files, with event IDs from 0 and weight 1.
    """
    particles = generated.final
    eta, phi = impact_point(particles, response)
    in_ecal, in_hcal = energy_fractions(particles.pdg_id)
    ecal = read_out(response.ecal, particles.event, eta, phi, particles.E * in_ecal, rng)
    hcal = read_out(response.hcal, particles.event, eta, phi, particles.E * in_hcal, rng)
    tracks, photons, surroundings = _energy_flow(ecal, hcal, find_tracks(particles, response, rng), response)

    photons = identify(photons, surroundings, response.photons, response, rng)
    electrons = identify(_leptons(tracks, ELECTRON, ecal), surroundings, response.electrons, response, rng)
    electrons = electrons[~np.isin(electrons.tower, photons.tower)]
    muons = identify(_leptons(tracks, MUON, ecal), surroundings, response.muons, response, rng)

    towers = merge_towers(ecal.towers, hcal.towers)
    jets = find_jets(towers, particles.n_events, response.jets)
    tagged = b_tagged(jets, generated.heavy_quarks, response.jets, rng)
    # What is an isolated photon or electron is not a jet as well.
    taken = np.concatenate([photons.tower, electrons.tower[electrons.tower != NO_TOWER]])
    kept = ~np.isin(np.arange(len(jets.event)), jets.jet_of_tower[taken])
    objects = [_jet_objects(jets, tagged, kept), *map(_massless_objects, (electrons, muons, photons))]
    return _event_batch(process, missing_momentum(towers, particles.n_events), objects)


def energy_fractions(pdg_id: Ints) -> tuple[Floats, Floats]:
    """Shares of each particle's energy that the electromagnetic and the hadronic calorimeter absorb."""
    kind = np.abs(pdg_id)
    conditions = [np.isin(kind, (ELECTRON, PHOTON)), np.isin(kind, _SHARED)]
    ecal = np.select(conditions, [1.0, _SHARED_ECAL_FRACTION], 0.0)
    return ecal, np.where(np.isin(kind, (MUON, *INVISIBLE)), 0.0, 1.0 - ecal)


def missing_momentum(towers: Towers, n_events: int) -> tuple[Floats, Floats]:
    """Magnitude and azimuth of what balances the towers of each event; muons leave nothing in them."""
    x = -summed(towers.event, towers.pt * np.cos(towers.phi), n_events)
    y = -summed(towers.event, towers.pt * np.sin(towers.phi), n_events)
    return np.hypot(x, y), np.arctan2(y, x)


def _energy_flow(
    ecal: Readout, hcal: Readout, tracks: Tracks, response: Response
) -> tuple[Tracks, Candidates, Candidates]:
    """Tracks combined with the calorimeters, photon candidates, and what counts for isolation."""
    electron, muon = (np.abs(tracks.pdg_id) == kind for kind in (ELECTRON, MUON))
    ecal_tower = np.where(electron, ecal.tower_of_hit[tracks.particle], NO_TOWER)
    hcal_tower = np.where(electron | muon, NO_TOWER, hcal.tower_of_hit[tracks.particle])
    ecal_flow = split_tower_energy(response.ecal, ecal.towers, ecal_tower, tracks.energy, tracks.resolution)
    hcal_flow = split_tower_energy(response.hcal, hcal.towers, hcal_tower, tracks.energy, tracks.resolution)
    scale = (
        np.append(ecal_flow.track_scale, 1.0)[ecal_tower] * np.append(hcal_flow.track_scale, 1.0)[hcal_tower]
    )
    tracks = replace(tracks, pt=tracks.pt * scale)

    photons = _neutrals(ecal.towers, ecal_flow, PHOTON, np.arange(len(ecal.towers)))
    hadrons = _neutrals(hcal.towers, hcal_flow, 0, np.full(len(hcal.towers), NO_TOWER))
    charged = _candidates(tracks, np.full(len(tracks.pt), NO_TOWER))[~(electron | muon)]
    return tracks, photons, merge([photons, hadrons, charged])


def _neutrals(towers: Towers, flow: Flow, pdg_id: int, tower: Ints) -> Candidates:
    pt = flow.neutral_energy / np.cosh(towers.eta)
    candidates = Candidates(towers.event, np.full(len(towers), pdg_id), pt, towers.eta, towers.phi, tower)
    return candidates[flow.neutral_energy > 0]


def _candidates(tracks: Tracks, tower: Ints) -> Candidates:
    return Candidates(tracks.event, tracks.pdg_id, tracks.pt, tracks.eta, tracks.phi, tower)


def _leptons(tracks: Tracks, kind: int, ecal: Readout) -> Candidates:
    return _candidates(tracks, ecal.tower_of_hit[tracks.particle])[np.abs(tracks.pdg_id) == kind]


def _jet_objects(jets: Jets, tagged: Bools, kept: Bools) -> Objects:
    type_ = np.where(tagged, int(ObjectType.B_JET), int(ObjectType.JET))
    return Objects(jets.event[kept], type_[kept], jets.E[kept], jets.pt[kept], jets.eta[kept], jets.phi[kept])


def _massless_objects(candidates: Candidates) -> Objects:
    type_ = np.select([candidates.pdg_id == number for number in _TYPES], [int(t) for t in _TYPES.values()])
    energy = candidates.pt * np.cosh(candidates.eta)
    return Objects(candidates.event, type_, energy, candidates.pt, candidates.eta, candidates.phi)


def _event_batch(process: str, missing: tuple[Floats, Floats], kinds: list[Objects]) -> EventBatch:
    n = len(missing[0])
    event = np.concatenate([kind.event for kind in kinds])
    order = np.argsort(event, kind="stable")

    def column(name: str) -> npt.NDArray[np.float32]:
        return np.concatenate([getattr(kind, name) for kind in kinds])[order].astype(np.float32)

    batch = EventBatch(
        processes=(process,),
        process_index=np.zeros(n, np.int32),
        event_id=np.arange(n),
        weight=np.ones(n, np.float32),
        met=missing[0].astype(np.float32),
        met_phi=missing[1].astype(np.float32),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(event, minlength=n))]).astype(np.int32),
        type=column("type").astype(np.int8),
        E=column("E"),
        pt=column("pt"),
        eta=column("eta"),
        phi=column("phi"),
    )
    return batch.sort_objects()
