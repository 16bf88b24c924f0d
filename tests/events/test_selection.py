from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from events.batch import EventBatch
from events.files import read_events, write_events
from events.objects import EVENT_CRITERIA, OBJECT_CUTS, Acceptance, ObjectType
from events.selection import events_pass_criterion, invalid_event_rate, objects_pass, valid_events
from tests.events.test_batch import EVENTS, make_batch
from tests.support.event_strategies import event_batches
from tests.support.synthetic import synthetic_events


def passes(cut: Acceptance, pt: float, eta: float) -> bool:
    """The slow plain twin of the vectorised cuts."""
    crack = cut.crack is not None and np.float32(cut.crack[0]) < abs(eta) < np.float32(cut.crack[1])
    return bool(pt >= np.float32(cut.pt_min) and abs(eta) <= np.float32(cut.abs_eta_max) and not crack)


def is_valid(batch: EventBatch, i: int) -> bool:
    objects = range(batch.offsets[i], batch.offsets[i + 1])
    within = all(passes(OBJECT_CUTS[batch.type[k]], batch.pt[k], batch.eta[k]) for k in objects)
    return within and any(passes(EVENT_CRITERIA[batch.type[k]], batch.pt[k], batch.eta[k]) for k in objects)


@given(event_batches())
def test_validity_is_that_of_the_slow_twin(batch: EventBatch) -> None:
    assert valid_events(batch).tolist() == [is_valid(batch, i) for i in range(len(batch))]


def test_the_twin_agrees_on_events_near_the_cuts() -> None:
    rng = np.random.default_rng(8)
    kinds = [[(int(rng.integers(7)), float(rng.uniform(12, 70))) for _ in range(4)] for _ in range(500)]
    batch = make_batch(kinds)
    batch.eta[:] = rng.uniform(-3, 3, batch.n_objects)
    expected = [is_valid(batch, i) for i in range(len(batch))]
    assert valid_events(batch).tolist() == expected
    assert 0 < sum(expected) < len(expected)


@pytest.mark.parametrize(
    ("type_", "pt", "eta", "object_passes", "event_passes"),
    [
        (ObjectType.JET, 19.9, 0, False, False),
        (ObjectType.JET, 30, 2.7, True, False),
        (ObjectType.B_JET, 61, 2.79, True, True),
        (ObjectType.JET, 61, 2.81, False, False),
        (ObjectType.ELECTRON, 26, 1.4, True, False),
        (ObjectType.POSITRON, 26, -1.6, True, True),
        (ObjectType.ELECTRON, 26, 2.5, True, False),
        (ObjectType.MUON, 26, 1.4, True, True),
        (ObjectType.ANTIMUON, 14.9, 0, False, False),
        (ObjectType.PHOTON, 24, 0, True, False),
        (ObjectType.PHOTON, 26, 2.36, True, True),
    ],
)
def test_documented_cuts(
    type_: ObjectType, pt: float, eta: float, object_passes: bool, event_passes: bool
) -> None:
    batch = make_batch([[(type_, pt)]])
    batch.eta[:] = eta
    assert objects_pass(batch).tolist() == [object_passes]
    assert events_pass_criterion(batch).tolist() == [event_passes]


def test_an_event_without_objects_is_invalid() -> None:
    assert valid_events(make_batch(EVENTS)).tolist() == [True, False, True]


@pytest.mark.parametrize("column", ["met", "met_phi", "E", "pt", "eta", "phi"])
def test_an_event_with_a_value_that_is_not_finite_is_invalid(column: str) -> None:
    batch = make_batch([[(0, 70.0)]])
    getattr(batch, column)[0] = np.nan
    assert not valid_events(batch).any()


def test_valid_events_stay_valid_when_written_and_read(tmp_path: Path) -> None:
    batch = make_batch([[(0, 60.0), (1, float(np.nextafter(np.float32(20), np.float32(21))))]])
    batch.eta[:] = np.nextafter(np.float32(2.8), np.float32(0))
    assert valid_events(batch).all()
    write_events(tmp_path / "edge.csv", [batch])
    (again,) = read_events(tmp_path / "edge.csv")
    assert again.pt.tolist() == [60, 20]
    assert valid_events(again).all()


def test_invalid_event_rate() -> None:
    assert invalid_event_rate(make_batch(EVENTS)) == pytest.approx(1 / 3)
    assert invalid_event_rate(synthetic_events(100, seed=1)) == 0
    with pytest.raises(ValueError, match="no events"):
        invalid_event_rate(make_batch([]))
