from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

from events.arrow import ObjectsLayout, from_record_batch
from events.batch import OBJECT_FLOATS, EventBatch
from events.errors import EventFileError
from events.units import EnergyUnit
from tests.support.batches import COLUMNS, assert_same_events
from tests.support.event_strategies import event_batches


def rows_of(batch: EventBatch, unit: EnergyUnit = "MeV") -> pa.RecordBatch:
    layout = ObjectsLayout(unit)
    return layout.record_batch(batch, layout.schema({}))


@given(event_batches())
def test_rows_in_gev_and_back_are_the_same_events(batch: EventBatch) -> None:
    assert_same_events(from_record_batch(rows_of(batch, "GeV")), batch)


@given(event_batches())
def test_rows_in_mev_and_back_are_the_same_events_but_for_rounding(batch: EventBatch) -> None:
    read = from_record_batch(rows_of(batch, "MeV"))
    for name in ("met", "E", "pt"):
        np.testing.assert_allclose(getattr(read, name), getattr(batch, name), rtol=2e-7)
    exact = {name: getattr(batch, name) for name in ("met", "E", "pt")}
    assert_same_events(replace(read, **exact), batch)


def test_rows_are_what_they_say(ten_events: EventBatch) -> None:
    rows = rows_of(ten_events, "MeV").to_pylist()
    assert [len(row["objects"]) for row in rows] == ten_events.multiplicity.tolist()
    assert [thing["type"] for thing in rows[4]["objects"]] == ["g", "j", "b", "e-"]
    assert rows[0]["process"] == "ttbar"
    assert rows[3]["event_id"] == 103
    assert rows[3]["met"] == pytest.approx(1000 * ten_events.met[3].item())
    assert rows[2]["objects"][0]["E"] == pytest.approx(1000 * ten_events.E[1].item())
    assert rows[2]["objects"][0]["eta"] == ten_events.eta[1]


def test_every_field_has_its_unit() -> None:
    schema = ObjectsLayout("MeV").schema({})
    momenta = schema.field("objects").type.value_type
    units = {field.name: field.metadata[b"unit"].decode() for field in (*schema, *momenta)}
    assert units == {
        "event_id": "1", "process": "1", "weight": "1", "met": "MeV", "met_phi": "rad", "objects": "1",
        "type": "1", "E": "MeV", "pt": "MeV", "eta": "1", "phi": "rad",
    }  # fmt: skip


def test_rows_in_gev_share_memory_with_the_batch(ten_events: EventBatch) -> None:
    read = from_record_batch(rows_of(ten_events, "GeV"))
    for name in COLUMNS:
        if name not in {"type", "offsets"}:
            assert np.shares_memory(getattr(read, name), getattr(ten_events, name)), name


def test_a_slice_of_rows_is_a_slice_of_events(ten_events: EventBatch) -> None:
    assert_same_events(from_record_batch(rows_of(ten_events, "GeV").slice(3, 5)), ten_events.slice(3, 8))


def test_wide_numbers_plain_strings_and_aliases_are_read(ten_events: EventBatch) -> None:
    rows = rows_of(ten_events, "GeV")
    objects = rows.schema.field("objects").type.value_type
    wide = [field.with_type(pa.float64()) for field in objects if field.name in OBJECT_FLOATS]
    struct = pa.struct([objects.field("type").with_type(pa.string()), *wide])
    cast = rows.column("objects").cast(pa.large_list(struct))
    process = rows.column("process").cast(pa.string())
    foreign = rows.set_column(5, rows.schema.field("objects").with_type(cast.type), cast)
    foreign = foreign.set_column(1, "process", process).append_column("more", pa.array(range(10)))
    assert_same_events(from_record_batch(foreign), ten_events)


def test_a_missing_unit_is_an_error(ten_events: EventBatch) -> None:
    rows = rows_of(ten_events)
    bare = rows.set_column(3, "met", rows.column("met"))
    with pytest.raises(EventFileError, match=r"column met tells no unit: set unit .* to MeV or GeV"):
        from_record_batch(bare)


def test_a_foreign_unit_is_an_error(ten_events: EventBatch) -> None:
    rows = rows_of(ten_events)
    degrees = rows.schema.field("met_phi").with_metadata({"unit": "deg"})
    with pytest.raises(EventFileError, match=r"column met_phi has the unit deg: .* to rad"):
        from_record_batch(rows.set_column(4, degrees, rows.column("met_phi")))


def test_a_missing_column_is_an_error(ten_events: EventBatch) -> None:
    with pytest.raises(EventFileError, match="no column weight, only event_id, process, met"):
        from_record_batch(rows_of(ten_events).drop_columns(["weight"]))


def test_a_missing_value_is_an_error(ten_events: EventBatch) -> None:
    rows = rows_of(ten_events)
    field = rows.schema.field("met").with_nullable(True)
    holes = pa.array([None, *range(9)], pa.float32())
    with pytest.raises(EventFileError, match="column met lacks 1 value"):
        from_record_batch(rows.set_column(3, field, holes))


def test_an_unknown_object_type_is_an_error(ten_events: EventBatch) -> None:
    rows = rows_of(ten_events)
    objects = rows.column("objects")
    structs = objects.flatten()
    arrays = [pa.array(["tau"] * len(structs)), *(structs.field(name) for name in OBJECT_FLOATS)]
    fields = [pa.field("type", pa.string()), *list(structs.type)[1:]]
    taus = pa.ListArray.from_arrays(objects.offsets, pa.StructArray.from_arrays(arrays, fields=fields))
    with pytest.raises(EventFileError, match="object type 'tau' is none of j b e- e"):
        from_record_batch(rows.set_column(5, rows.schema.field("objects").with_type(taus.type), taus))


def test_energies_beyond_single_precision_are_an_error(ten_events: EventBatch) -> None:
    huge = replace(ten_events, met=np.full(10, 1e36, np.float32))
    with pytest.raises(FloatingPointError):
        rows_of(huge, "MeV")


@pytest.mark.parametrize("objects", [pa.array([[1]] * 10), pa.array([1] * 10)])
def test_objects_that_are_no_structs_are_an_error(ten_events: EventBatch, objects: pa.Array) -> None:
    with pytest.raises(EventFileError, match="objects must be a list of structs, not"):
        from_record_batch(rows_of(ten_events).set_column(5, "objects", objects))
