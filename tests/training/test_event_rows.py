from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from events.files import write_events
from tests.support.synthetic import synthetic_events
from training.data.cache import build_tables
from training.data.slots import SLOT_TABLE, SlotLayout
from training.data.split import Split, SplitFractions
from training.event_rows import N_CLASSES, EventRows, likeliest_types, slot_rows

LAYOUTS = [SlotLayout.any_type(9), SlotLayout.by_type([4, 2, 1, 1, 1, 1, 1])]


@pytest.fixture(scope="module", params=LAYOUTS, ids=["any", "typed"])
def rows_and_values(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[EventRows, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    folder: Path = tmp_path_factory.mktemp("rows")
    write_events(folder / "events.csv", [synthetic_events(1500, seed=4)])
    layout: SlotLayout = request.param
    tables = build_tables([folder / "events.csv"], folder, SplitFractions(0.9, 0.05), layout, progress=False)
    return EventRows.fit(layout, tables), np.concatenate(
        list(slot_rows(tables.path(Split.TRAIN, SLOT_TABLE)))
    )


Case = tuple[EventRows, np.ndarray[tuple[int, int], np.dtype[np.float32]]]


def test_rows_have_zero_mean_and_unit_variance_where_there_are_objects(rows_and_values: Case) -> None:
    rows, values = rows_and_values
    forward = rows.forward(values)
    met, kinematic, _ = rows.widths
    present = rows.present(tf.constant(forward)).numpy() == 1
    objects = forward[:, met : met + kinematic].reshape(len(values), rows.n_slots, 4)
    assert forward.shape[1] == sum(rows.widths)
    assert np.array_equal(present, rows.layout.split(values)[1] >= 0)
    np.testing.assert_allclose(objects[present].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(objects[present].std(axis=0), 1, atol=1e-3)
    assert not objects[~present].any()


def test_rows_become_the_events_that_they_were_made_of(rows_and_values: Case) -> None:
    rows, values = rows_and_values
    met, objects, held = tf.split(rows.forward(values), rows.widths, axis=1)
    types = rows.typed(held > 0.5) if rows.layout.typed else likeliest_types(held)
    physical = {name: value.numpy() for name, value in rows.physical(met, objects, types).items()}
    true_met, true_types, true_objects = rows.layout.split(values)
    present = true_types >= 0
    assert np.array_equal(physical["type"], true_types)
    np.testing.assert_allclose(physical["met"], true_met[:, 0], rtol=1e-4)
    for column, name in enumerate(("E", "pt", "eta", "phi")):
        np.testing.assert_allclose(
            physical[name][present], true_objects[..., column][present], rtol=2e-4, atol=1e-4
        )


def test_energies_end_at_that_of_a_beam(rows_and_values: Case) -> None:
    rows, _ = rows_and_values
    met, kinematic, _ = rows.widths
    wild = rows.physical(
        tf.fill((3, met), 1e6), tf.fill((3, kinematic), 1e6), tf.zeros((3, rows.n_slots), tf.int64)
    )
    assert wild["E"].numpy().max() == pytest.approx(6500, rel=1e-4)
    assert all(np.isfinite(values.numpy()).all() for values in wild.values())


def test_rows_survive_json(rows_and_values: Case) -> None:
    rows, _ = rows_and_values
    assert EventRows.from_json(rows.to_json()) == rows


def test_a_slot_for_any_type_has_a_class_for_nothing() -> None:
    logits = tf.one_hot([[0, N_CLASSES - 1, 4]], N_CLASSES)
    assert likeliest_types(tf.reshape(logits, (1, -1))).numpy().tolist() == [[0, -1, 4]]
