import json
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from events.batch import EventBatch, Floats
from events.selection import valid_events
from tests.support.synthetic import synthetic_events
from training.data.slots import SlotLayout
from training.spline_flow.coordinates import N_PLACEMENT, EventCoordinates
from training.spline_flow.layout import GroupedSlots

SLOTS = GroupedSlots(jets=6, b_jets=3, others=2)
PADDED = SlotLayout.any_type(SLOTS.total)
OBJECT_OUTPUTS = ("E", "pt", "eta", "phi")


def some_events(n: int = 800) -> EventBatch:
    """Synthetic events that fit, with jet masses that differ."""
    events = synthetic_events(n, seed=4)
    heavier = 1 + 0.01 * np.random.default_rng(5).random(events.n_objects).astype(np.float32)
    events = replace(events, E=np.where(events.type < 2, events.E * heavier, events.E))
    return events.take(SLOTS.hold(events.masks()))


@pytest.fixture(scope="module")
def events() -> EventBatch:
    return some_events()


@pytest.fixture(scope="module")
def coordinates(events: EventBatch) -> EventCoordinates:
    return EventCoordinates.fit(SLOTS, *PADDED.split(PADDED.rows(events)))


def placed(coordinates: EventCoordinates, x: Floats, events: EventBatch, placement: float) -> EventBatch:
    """The events of coordinates as a batch in the order of real files."""
    uniforms = tf.fill((len(x), N_PLACEMENT), placement)
    columns = coordinates.events(tf.constant(x), tf.constant(events.masks()), uniforms)
    values = {name: tensor.numpy() for name, tensor in columns.items()}
    here = values["type"] >= 0
    return replace(
        events,
        type=values["type"][here].astype(np.int8),
        met=values["met"],
        met_phi=values["met_phi"],
        **{name: values[name][here] for name in OBJECT_OUTPUTS},
    ).sort_objects()


def test_events_become_coordinates_and_come_back_turned(
    coordinates: EventCoordinates, events: EventBatch
) -> None:
    x = coordinates.forward(*PADDED.split(PADDED.rows(events)))
    found = placed(coordinates, x, events, 0.75)
    assert np.array_equal(found.type, events.type)
    np.testing.assert_allclose(found.pt, events.pt, rtol=1e-3)
    np.testing.assert_allclose(found.eta, events.eta, atol=1e-4)
    np.testing.assert_allclose(found.E, events.E, rtol=2e-3)
    turn = (found.phi - events.phi + np.pi) % (2 * np.pi) - np.pi
    first = events.offsets[:-1]
    along = np.abs(np.exp(1j * turn) - np.exp(1j * turn[first])[events.event_index])
    assert along.max() < 1e-4
    np.testing.assert_allclose(found.met, events.met, rtol=1e-3, atol=1e-3)


def test_what_an_event_lacks_is_zero(coordinates: EventCoordinates, events: EventBatch) -> None:
    x = coordinates.forward(*PADDED.split(PADDED.rows(events)))
    filled, _ = SLOTS.fill(tf.constant(events.masks()))
    present = coordinates.present(filled).numpy()
    assert x.shape == present.shape == (len(events), coordinates.lines + coordinates.circles)
    assert np.all(x[present == 0] == 0)
    # Four for each jet, three for every other object, two for MET, less the first azimuth.
    jets = events.masks()[:, :2].sum(axis=1)
    np.testing.assert_array_equal(present.sum(axis=1), 3 * events.multiplicity + jets + 2 - 1)


def test_lines_are_normal(coordinates: EventCoordinates, events: EventBatch) -> None:
    x = coordinates.forward(*PADDED.split(PADDED.rows(events)))
    filled, _ = SLOTS.fill(tf.constant(events.masks()))
    here = coordinates.present(filled).numpy()[:, : coordinates.lines] > 0
    values = x[:, : coordinates.lines][here]
    assert values.mean() == pytest.approx(0, abs=0.02)
    assert values.std() == pytest.approx(1, abs=0.02)


def test_any_numbers_make_an_event_within_the_limits(
    coordinates: EventCoordinates, events: EventBatch
) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(0, 2, (len(events), coordinates.lines + coordinates.circles)).astype(np.float32)
    found = placed(coordinates, x, events, 0.3)
    assert valid_events(found).all()
    assert np.array_equal(found.masks(), events.masks())
    assert np.all(found.E >= found.pt * np.cosh(found.eta) * (1 - 1e-5))
    for angle in (found.phi, found.met_phi):
        assert np.abs(angle).max() <= np.pi + 1e-6
    for type_ in range(2):
        chosen = found.type == type_
        same_event = np.diff(found.event_index[chosen]) == 0
        assert np.all(np.diff(found.pt[chosen])[same_event] <= 0)


def test_reflections_are_those_of_the_events(coordinates: EventCoordinates, events: EventBatch) -> None:
    x = tf.constant(coordinates.forward(*PADDED.split(PADDED.rows(events))))
    mirrored = replace(events, eta=-events.eta, phi=-events.phi, met_phi=-events.met_phi)
    expected = coordinates.forward(*PADDED.split(PADDED.rows(mirrored)))
    minus = tf.fill((len(events), 1), -1.0)
    found = coordinates.reflect(x, minus, minus).numpy()
    # The extremes of the types that share slots have one coordinate, and no quantile of their own.
    assert np.mean(np.abs(np.exp(1j * found) - np.exp(1j * expected)) < 1e-3) > 0.999


def test_the_events_have_no_direction(coordinates: EventCoordinates, events: EventBatch) -> None:
    x = coordinates.forward(*PADDED.split(PADDED.rows(events)))
    turned = replace(events, phi=events.phi + 1, met_phi=events.met_phi + 1)
    found = coordinates.forward(*PADDED.split(PADDED.rows(turned)))
    np.testing.assert_allclose(np.exp(1j * found), np.exp(1j * x), atol=2e-3)


def test_they_survive_json(coordinates: EventCoordinates) -> None:
    assert EventCoordinates.from_json(json.loads(json.dumps(coordinates.to_json()))) == coordinates


def test_met_against_the_objects_has_the_azimuth_zero(
    coordinates: EventCoordinates, events: EventBatch
) -> None:
    x, y = (
        np.bincount(events.event_index, events.pt * function(events.phi)) for function in (np.cos, np.sin)
    )
    opposite = replace(events, met_phi=np.arctan2(-y, -x).astype(np.float32))
    circle = coordinates.forward(*PADDED.split(PADDED.rows(opposite)))[:, -1]
    assert np.abs(circle).max() < 1e-4
    found = placed(coordinates, coordinates.forward(*PADDED.split(PADDED.rows(opposite))), events, 0.75)
    x, y = (np.bincount(found.event_index, found.pt * function(found.phi)) for function in (np.cos, np.sin))
    np.testing.assert_allclose(np.exp(1j * found.met_phi), np.exp(1j * np.arctan2(-y, -x)), atol=1e-3)
