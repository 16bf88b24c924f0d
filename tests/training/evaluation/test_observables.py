import numpy as np
import pytest

from events.batch import EventBatch
from events.objects import ObjectType
from training.evaluation.observables import observables

J, B, M = ObjectType.JET, ObjectType.B_JET, ObjectType.MUON


def batch(*events: list[tuple[int, float, float, float]]) -> EventBatch:
    """Events of massless objects (type, pT, eta, phi) with 50 GeV of missing momentum along x."""
    objects = np.array([one for event in events for one in event], np.float32).reshape(-1, 4)
    n, pt, eta = len(events), objects[:, 1], objects[:, 2]
    offsets = np.cumsum([0, *map(len, events)]).astype(np.int32)
    return EventBatch(
        processes=("ttbar",),
        process_index=np.zeros(n, np.int32),
        event_id=np.arange(n),
        weight=np.ones(n, np.float32),
        met=np.full(n, 50, np.float32),
        met_phi=np.zeros(n, np.float32),
        offsets=offsets,
        type=objects[:, 0].astype(np.int8),
        E=pt * np.cosh(eta),
        pt=pt,
        eta=eta,
        phi=objects[:, 3],
    )


def test_leading_objects_are_ranked_by_pt() -> None:
    found = observables(batch([(J, 30, 0, 0), (B, 90, 1, 2), (M, 40, 0, 0)], [(M, 25, 0, 0)]))
    np.testing.assert_allclose(found["jet_1_pt"].values, [90, np.nan])
    np.testing.assert_allclose(found["jet_2_pt"].values, [30, np.nan])
    np.testing.assert_allclose(found["b_jet_1_angle_to_met"].values, [2, np.nan], rtol=1e-6)
    np.testing.assert_allclose(found["muon_1_pt"].values, [40, 25])
    assert found["n_muon"].values.tolist() == [1, 1]


def test_missing_momentum_balances_objects_that_recoil() -> None:
    found = observables(batch([(J, 30, 0, np.pi), (J, 20, 0, np.pi)]))
    assert found["imbalance"].values[0] == pytest.approx(0, abs=1e-4)
    assert found["recoil"].values[0] == pytest.approx(50)
    assert found["ht"].values[0] == pytest.approx(50)


def test_two_jets_back_to_back_have_the_mass_of_both() -> None:
    found = observables(batch([(J, 30, 0, 0), (J, 30, 0, np.pi)]))
    assert found["mass"].values[0] == pytest.approx(60, rel=1e-5)


def test_the_closest_jets_are_those_that_a_loop_finds() -> None:
    rng = np.random.default_rng(1)
    events = [
        [
            (int(rng.integers(0, 3)), 50.0, *rng.uniform(-1.5, 1.5, 2).tolist())
            for _ in range(rng.integers(0, 7))
        ]
        for _ in range(50)
    ]
    expected = []
    for event in events:
        jets = [(eta, phi) for type_, _, eta, phi in event if type_ <= B]
        pairs = [np.hypot(a[0] - b[0], a[1] - b[1]) for i, a in enumerate(jets) for b in jets[:i]]
        expected.append(min(pairs, default=np.nan))
    found = observables(batch(*events))["closest_jets"].values
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_pairs_are_those_of_the_leading_objects() -> None:
    found = observables(batch([(J, 90, 0, 0), (B, 40, 0, np.pi / 2), (M, 60, 0, np.pi)]))
    assert found["jets_12_mass"].values[0] == pytest.approx(np.sqrt(2 * 90 * 40), rel=1e-5)
    assert found["jets_12_dr"].values[0] == pytest.approx(np.pi / 2, rel=1e-5)
    assert found["lepton_jet_dr"].values[0] == pytest.approx(np.pi, rel=1e-5)
    assert found["lepton_met_mt"].values[0] == pytest.approx(2 * np.sqrt(60 * 50), rel=1e-5)
    assert np.isnan(found["jets_13_mass"].values[0])


def test_only_jets_show_their_own_mass() -> None:
    found = observables(batch([(J, 90, 0, 0)]))
    assert {name for name in found if name.endswith("m_over_pt")} == {
        *(f"jet_{rank}_m_over_pt" for rank in (1, 2, 3, 4)),
        *(f"b_jet_{rank}_m_over_pt" for rank in (1, 2)),
    }


def test_an_axis_names_its_unit() -> None:
    found = observables(batch([(J, 90, 0, 0)]))
    assert found["met"].axis == "$E_T^{miss}$ [GeV]"
    assert found["jet_1_eta"].axis == r"$\eta$ of the leading jet"
