"""From particles to reconstructed objects: the detector as a whole."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from events.batch import Bools, EventBatch
from events.objects import ObjectType
from training.simulate import energy_flow
from training.simulate.calorimeter import Readout, Towers, read_out
from training.simulate.identification import NO_TOWER, Candidates, identified, ordered
from training.simulate.jets import Jets, b_tagged, find_jets
from training.simulate.particles import Floats, GeneratedBatch, Ints
from training.simulate.propagation import impact_point
from training.simulate.response import Response
from training.simulate.tracker import ELECTRON, MUON, Tracks, find_tracks

_PHOTON: Final = 22
_ELECTROMAGNETIC: Final = (ELECTRON, _PHOTON)
_INVISIBLE: Final = (12, MUON, 14, 16, 1000022)
# K0S and Lambda shower in both calorimeters: the electromagnetic share (arXiv:1307.6346, section 2.2).
_SHARED: Final = (310, 3122)
_SHARED_ECAL_FRACTION: Final = 0.3


@dataclass(frozen=True, slots=True)
class _Kind:
    """Reconstructed objects of the same family: their types, and four-momenta."""

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
    in_ecal, in_hcal = _energy_fractions(particles.pdg_id)
    ecal = read_out(response.ecal, particles.event, eta, phi, particles.E * in_ecal, rng)
    hcal = read_out(response.hcal, particles.event, eta, phi, particles.E * in_hcal, rng)
    tracks = find_tracks(particles, response, rng)

    tracks, photons, surroundings = _energy_flow(ecal, hcal, tracks, response)
    electrons, electron_ids = _leptons(tracks, ELECTRON, ecal)
    muons, muon_ids = _leptons(tracks, MUON, ecal)
    photons = photons[identified(photons, surroundings, response.photons, response, rng)]
    good = identified(electrons, surroundings, response.electrons, response, rng)
    good &= ~np.isin(electrons.tower, photons.tower)
    electrons, electron_ids = electrons[good], electron_ids[good]
    good = identified(muons, surroundings, response.muons, response, rng)
    muons, muon_ids = muons[good], muon_ids[good]

    towers = _merged(ecal.towers, hcal.towers)
    jets = find_jets(towers, particles.n_events, response.jets)
    tagged = b_tagged(jets, generated.heavy_quarks, response.jets, rng)
    taken = np.concatenate([photons.tower, electrons.tower[electrons.tower != NO_TOWER]])
    kept = ~np.isin(np.arange(len(jets.event)), jets.jet_of_tower[taken])
    return _event_batch(
        process,
        _missing_momentum(towers, particles.n_events),
        [
            _jet_kind(jets, tagged, kept),
            _massless(electrons, np.where(electron_ids > 0, ObjectType.ELECTRON, ObjectType.POSITRON)),
            _massless(muons, np.where(muon_ids > 0, ObjectType.MUON, ObjectType.ANTIMUON)),
            _massless(photons, np.full(len(photons.pt), ObjectType.PHOTON)),
        ],
    )


def _energy_fractions(pdg_id: Ints) -> tuple[Floats, Floats]:
    """Shares of each particle's energy that the two calorimeters absorb."""
    kind = np.abs(pdg_id)
    ecal = np.select(
        [np.isin(kind, _ELECTROMAGNETIC), np.isin(kind, _SHARED)], [1.0, _SHARED_ECAL_FRACTION], 0.0
    )
    return ecal, np.where(np.isin(kind, _INVISIBLE), 0.0, 1.0 - ecal)


def _energy_flow(
    ecal: Readout, hcal: Readout, tracks: Tracks, response: Response
) -> tuple[Tracks, Candidates, Candidates]:
    """Tracks combined with the calorimeters, photon candidates, and what counts for isolation."""
    electron, muon = (np.abs(tracks.pdg_id) == kind for kind in (ELECTRON, MUON))
    ecal_tower = np.where(electron, ecal.tower_of_hit[tracks.particle], NO_TOWER)
    hcal_tower = np.where(electron | muon, NO_TOWER, hcal.tower_of_hit[tracks.particle])
    ecal_flow = energy_flow.split(response.ecal, ecal.towers, ecal_tower, tracks.energy, tracks.resolution)
    hcal_flow = energy_flow.split(response.hcal, hcal.towers, hcal_tower, tracks.energy, tracks.resolution)
    scale = np.ones(len(tracks.pt))
    for tower, flow in ((ecal_tower, ecal_flow), (hcal_tower, hcal_flow)):
        scale *= np.where(tower >= 0, np.append(flow.track_scale, 1.0)[tower], 1.0)
    tracks = replace(tracks, pt=tracks.pt * scale)

    photons = _neutrals(ecal.towers, ecal_flow, np.arange(len(ecal.towers.energy)))
    hadrons = _neutrals(hcal.towers, hcal_flow, np.full(len(hcal.towers.energy), NO_TOWER))
    charged = _candidates(tracks, np.full(len(tracks.pt), NO_TOWER))[~(electron | muon)]
    return tracks, photons, ordered([photons, hadrons, charged])


def _neutrals(towers: Towers, flow: energy_flow.Flow, label: Ints) -> Candidates:
    excess = flow.neutral_energy > 0
    pt = flow.neutral_energy / np.cosh(towers.eta)
    return Candidates(towers.event, pt, towers.eta, towers.phi, label)[excess]


def _candidates(tracks: Tracks, tower: Ints) -> Candidates:
    return Candidates(tracks.event, tracks.pt, tracks.eta, tracks.phi, tower)


def _leptons(tracks: Tracks, kind: int, ecal: Readout) -> tuple[Candidates, Ints]:
    """Candidates and PDG numbers of the tracks of one kind of lepton."""
    mask = np.abs(tracks.pdg_id) == kind
    return _candidates(tracks, ecal.tower_of_hit[tracks.particle])[mask], tracks.pdg_id[mask]


def _merged(ecal: Towers, hcal: Towers) -> Towers:
    """The towers of both calorimeters, first all of the first."""
    names = ("event", "energy", "sigma", "eta", "phi")
    return Towers(**{name: np.concatenate([getattr(ecal, name), getattr(hcal, name)]) for name in names})


def _missing_momentum(towers: Towers, n_events: int) -> tuple[Floats, Floats]:
    """Magnitude and azimuth of what balances the towers of each event; muons leave nothing in them."""
    x = -np.bincount(towers.event, towers.pt * np.cos(towers.phi), n_events)
    y = -np.bincount(towers.event, towers.pt * np.sin(towers.phi), n_events)
    return np.hypot(x, y), np.arctan2(y, x)


def _jet_kind(jets: Jets, tagged: Bools, kept: Bools) -> _Kind:
    type_ = np.where(tagged, ObjectType.B_JET, ObjectType.JET)
    return _Kind(*(column[kept] for column in (jets.event, type_, jets.E, jets.pt, jets.eta, jets.phi)))


def _massless(candidates: Candidates, type_: Ints) -> _Kind:
    energy = candidates.pt * np.cosh(candidates.eta)
    return _Kind(candidates.event, type_, energy, candidates.pt, candidates.eta, candidates.phi)


def _event_batch(process: str, missing: tuple[Floats, Floats], kinds: list[_Kind]) -> EventBatch:
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
