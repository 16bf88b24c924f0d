import numpy as np

from events.batch import EventBatch
from events.kinematics import delta_r, mass_squared
from events.objects import ObjectType
from tests.support.batches import assert_same_events
from training.simulate.arrays import same_event_pairs, summed
from training.simulate.detector import energy_fractions, reconstruct
from training.simulate.particles import INVISIBLE, MUON, GeneratedBatch
from training.simulate.response import Response


def test_particles_deposit_all_of_their_energy_or_none() -> None:
    kinds = np.array([11, 22, -211, 310, 3122, 130, 13, -14, 1000022])
    ecal, hcal = energy_fractions(kinds)
    np.testing.assert_allclose(ecal, [1, 1, 0, 0.3, 0.3, 0, 0, 0, 0])
    np.testing.assert_allclose(ecal + hcal, [1, 1, 1, 1, 1, 1, 0, 0, 0])


def test_missing_momentum_is_that_of_what_leaves_no_energy(
    generated: GeneratedBatch, reconstructed: EventBatch
) -> None:
    final = generated.final
    unseen = final[np.isin(np.abs(final.pdg_id), (MUON, *INVISIBLE))]
    x, y = (summed(unseen.event, part, final.n_events) for part in (unseen.px, unseen.py))
    error_x = reconstructed.met * np.cos(reconstructed.met_phi) - x
    error_y = reconstructed.met * np.sin(reconstructed.met_phi) - y
    large = np.hypot(x, y) > 60
    assert large.sum() > 20
    assert np.abs(np.concatenate([error_x[large], error_y[large]]).mean()) < 8
    assert np.median(np.hypot(error_x, error_y)[large]) < 40


def test_objects_balance_the_missing_momentum(reconstructed: EventBatch) -> None:
    """What is left over is soft: no calorimeter jet is counted twice or lost."""
    muons = np.isin(reconstructed.type, (ObjectType.MUON, ObjectType.ANTIMUON))
    seen = np.where(muons, 0, reconstructed.pt)
    event, n = reconstructed.event_index, len(reconstructed)
    x = summed(event, seen * np.cos(reconstructed.phi), n) + reconstructed.met * np.cos(reconstructed.met_phi)
    y = summed(event, seen * np.sin(reconstructed.phi), n) + reconstructed.met * np.sin(reconstructed.met_phi)
    assert 15 < np.median(np.hypot(x, y)) < 40


def test_jets_have_mass_and_leptons_and_photons_have_none(reconstructed: EventBatch) -> None:
    squared = mass_squared(reconstructed.E, reconstructed.pt, reconstructed.eta) / reconstructed.E**2
    jets = reconstructed.type <= ObjectType.B_JET
    assert np.all(squared[jets] > -1e-6)
    assert np.median(squared[jets]) > 1e-4
    np.testing.assert_allclose(squared[~jets], 0, atol=1e-6)


def test_no_two_jets_are_close(reconstructed: EventBatch) -> None:
    jets = np.flatnonzero(reconstructed.type <= ObjectType.B_JET)
    event = reconstructed.event_index[jets]
    i, k = same_event_pairs(event, event)
    a, b = jets[i[i < k]], jets[k[i < k]]
    distance = delta_r(reconstructed.eta[a], reconstructed.phi[a], reconstructed.eta[b], reconstructed.phi[b])
    # The algorithm keeps them 0.6 apart in rapidity, which for jets of some mass is a little less in eta.
    assert distance.min() > 0.5


def test_the_same_generator_gives_the_same_events(
    generated: GeneratedBatch, reconstructed: EventBatch
) -> None:
    again = reconstruct(generated, "ttbar", Response(), np.random.default_rng(5))
    assert_same_events(again, reconstructed)
    other = reconstruct(generated, "ttbar", Response(), np.random.default_rng(6))
    assert not np.array_equal(other.met, reconstructed.met)


def test_top_pairs_look_like_top_pairs(reconstructed: EventBatch) -> None:
    counts = reconstructed.masks().mean(axis=0)
    assert 3.2 < counts[ObjectType.JET] < 4.4
    assert 1.0 < counts[ObjectType.B_JET] < 1.6
    assert 0.1 < counts[ObjectType.ELECTRON : ObjectType.PHOTON].sum() < 0.5
