import numpy as np
import pytest
from hypothesis import given

from events.batch import EventBatch
from events.objects import ObjectType
from tests.support.event_strategies import event_batches
from tests.support.synthetic import synthetic_events
from training.evaluation.features import LEADING_OBJECTS, LEPTONS, particles, ranked_objects


def ranked_slowly(batch: EventBatch, types: tuple[ObjectType, ...], rank: int) -> list[float]:
    """The slow plain twin: the pT of the object with a rank, event by event."""
    found = []
    for i in range(len(batch)):
        objects = range(batch.offsets[i], batch.offsets[i + 1])
        pts = sorted((float(batch.pt[k]) for k in objects if batch.type[k] in types), reverse=True)
        found += pts[rank : rank + 1]
    return found


@given(event_batches())
def test_ranked_objects_are_those_of_the_slow_twin(batch: EventBatch) -> None:
    for types, rank in LEADING_OBJECTS.values():
        found = batch.pt[ranked_objects(batch, types, rank)].tolist()
        assert found == ranked_slowly(batch, types, rank)


def test_particles_are_counted_by_how_often_they_occur() -> None:
    batch = synthetic_events(2000, seed=6)
    masks = batch.masks()
    found = particles(batch)
    assert found["met"].count == found["total_energy"].count == 2000
    assert found["jet_2"].count == np.count_nonzero(masks[:, ObjectType.JET] >= 2)
    assert found["lepton_1"].count == np.count_nonzero(masks[:, list(LEPTONS)].sum(axis=1))


def test_energies_and_momenta_are_logarithms() -> None:
    batch = synthetic_events(500, seed=6)
    found = particles(batch)
    assert 10 ** found["total_energy"].features["E"].mean() > batch.E.mean()
    np.testing.assert_allclose(found["met"].features["met"], np.log10(batch.met), rtol=1e-5)
    assert found["jet_1"].features["pt"].max() == pytest.approx(
        np.log10(batch.pt[batch.type == ObjectType.JET].max()), rel=1e-5
    )
