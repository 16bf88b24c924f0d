from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from events.batch import EventBatch
from events.nanoaod import NanoAodLayout
from events.objects import SYMBOLS
from tests.support.event_strategies import event_batches


def rows_of(batch: EventBatch) -> pa.RecordBatch:
    layout = NanoAodLayout()
    return layout.record_batch(batch, layout.schema({}))


COLLECTIONS = {"Jet": ["j", "b"], "Electron": ["e-", "e+"], "Muon": ["m-", "m+"], "Photon": ["g"]}


def plain_pts(batch: EventBatch, event: int, symbols: list[str]) -> list[float]:
    """The transverse momenta of some objects of an event, descending."""
    objects = range(batch.offsets[event], batch.offsets[event + 1])
    return sorted((batch.pt[k].item() for k in objects if SYMBOLS[batch.type[k]] in symbols), reverse=True)


@given(event_batches())
def test_collections_hold_the_objects_by_descending_pt(batch: EventBatch) -> None:
    rows = rows_of(replace(batch, event_id=np.abs(batch.event_id // 2), eta=batch.eta.clip(-5, 5)))
    rows.validate(full=True)
    for name, symbols in COLLECTIONS.items():
        expected = [plain_pts(batch, event, symbols) for event in range(len(batch))]
        assert rows.column(f"{name}_pt").to_pylist() == expected
        assert rows.column(f"n{name}").to_pylist() == [len(pts) for pts in expected]


def test_an_event_reads_as_nanoaod(ten_events: EventBatch) -> None:
    (row,) = rows_of(ten_events).slice(9, 1).to_pylist()
    chosen = slice(*ten_events.offsets[9:11])
    assert row["event"] == 109
    assert (row["run"], row["luminosityBlock"], row["genWeight"], row["process"]) == (1, 1, 1.0, "ttbar")
    assert row["MET_pt"] == ten_events.met[9]
    counts = {name: row[f"n{name}"] for name in COLLECTIONS}
    types = [SYMBOLS[type_] for type_ in ten_events.type[chosen]]
    assert counts == {name: sum(type_ in symbols for type_ in types) for name, symbols in COLLECTIONS.items()}


def test_charges_and_tags_follow_the_object_types(ten_events: EventBatch) -> None:
    rows = rows_of(ten_events)
    types = ten_events.type
    assert sum(rows.column("Jet_btag").flatten().to_pylist()) == np.sum(types == 1)
    for name, negative, positive in (("Electron", 2, 3), ("Muon", 4, 5)):
        charges = rows.column(f"{name}_charge").flatten().to_pylist()
        assert charges.count(-1) == np.sum(types == negative)
        assert charges.count(1) == np.sum(types == positive)


def test_masses_are_those_of_the_four_vectors(ten_events: EventBatch) -> None:
    masses = rows_of(ten_events).column("Jet_mass").flatten().to_numpy()
    np.testing.assert_allclose(masses, 5.0, rtol=1e-2)


def test_every_field_has_its_unit() -> None:
    schema = NanoAodLayout().schema({})
    units = {field.name: field.metadata[b"unit"] for field in schema}
    assert units["MET_pt"] == units["Jet_pt"] == units["Muon_mass"] == b"GeV"
    assert units["MET_phi"] == units["Photon_phi"] == b"rad"
    assert units["Electron_charge"] == units["nJet"] == b"1"


def test_negative_event_ids_are_refused(ten_events: EventBatch) -> None:
    with pytest.raises(ValueError, match="no negative event IDs"):
        rows_of(replace(ten_events, event_id=-ten_events.event_id))
