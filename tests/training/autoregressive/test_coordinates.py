from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from events.objects import EVENT_CRITERIA, ObjectType
from tests.support.object_networks import PaddedEvents, padded_events
from training.autoregressive.coordinates import ETA_MAX, KINDS, LAST_CHANCE, PT_MIN, Coordinates, pt_kinds

EVENTS = padded_events(1500, seed=1)


def turned(events: PaddedEvents, angle: float, *, along: int = 1, across: int = 1) -> PaddedEvents:
    """The same events turned, and reflected where -1 says so."""
    objects, met = events.objects.copy(), events.met.copy()
    objects[..., 2] *= along
    for azimuth in (objects[..., 3], met[:, 1]):
        azimuth[...] = (across * azimuth + angle + np.pi) % (2 * np.pi) - np.pi
    return replace(events, met=met, objects=objects)


@pytest.mark.parametrize(("along", "across"), [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_an_event_turned_or_reflected_is_the_same_in_canonical_form(along: int, across: int) -> None:
    expected = EVENTS.canonical
    found = turned(EVENTS, 1.234, along=along, across=across).canonical
    single = (EVENTS.types >= 0).sum(axis=1) == 1
    np.testing.assert_allclose(found.eta, expected.eta, atol=1e-6)
    np.testing.assert_allclose(np.cos(found.phi), np.cos(expected.phi), atol=1e-5)
    np.testing.assert_allclose(found.met[~single], expected.met[~single], rtol=1e-3, atol=2e-3)


def test_canonical_events_lie_where_the_module_says() -> None:
    events = EVENTS.canonical
    assert np.all(events.phi[:, 0] == 0)
    assert np.all(events.eta[:, 0] >= 0)
    assert np.all(events.phi[:, 1] >= 0)
    present = events.types >= 0
    assert np.all(np.diff(np.where(present, events.types, 9), axis=1) >= 0)
    same = (events.types[:, 1:] == events.types[:, :-1]) & present[:, 1:]
    assert np.all(np.diff(events.log_pt, axis=1)[same] <= 0)


def test_pt_comes_back_from_positions() -> None:
    events = EVENTS.canonical
    coordinates = Coordinates.fit(events)
    positions, _ = coordinates.positions(events)
    kinds = pt_kinds(events.types, events.log_pt)
    for k in range(events.types.shape[1]):
        held = events.types[:, k] >= 0
        previous = tf.constant(events.log_pt[held, k - 1].astype(np.float32))
        first = np.isin(kinds[held, k] % KINDS, (0, LAST_CHANCE)).astype(np.float32)
        kind, place = tf.constant(kinds[held, k]), tf.constant(positions[held, k, 0])
        found = coordinates.log_pt(kind, tf.constant(first), place, previous)
        np.testing.assert_allclose(found.numpy(), events.log_pt[held, k], atol=3e-3)


def test_positions_are_shares_of_the_ranges() -> None:
    events = EVENTS.canonical
    positions, residuals = Coordinates.fit(events).positions(events)
    held = events.types >= 0
    eta = (2 * positions[..., 1] - 1) * ETA_MAX[events.types]
    np.testing.assert_allclose(eta[held], events.eta[held], atol=1e-5)
    assert np.all((positions >= 0) & (positions <= 1))
    assert np.all((residuals >= 0) & (residuals <= 1))


def test_what_json_has_is_all() -> None:
    coordinates = Coordinates.fit(EVENTS.canonical)
    assert Coordinates.from_json(coordinates.to_json()) == coordinates


def test_ranks_count_objects_of_a_type() -> None:
    types = np.array([[0, 0, 0, 0, 0, 1, 1, 4, -1]])
    log_pt = np.full(types.shape, 5.0)
    assert (pt_kinds(types, log_pt) % KINDS).tolist() == [[0, 1, 2, 3, 3, 0, 1, 0, 0]]


@pytest.mark.parametrize(
    ("types", "pt", "kinds"),
    [
        ([0, 0], [70, 30], [LAST_CHANCE, 1]),
        ([0, 1], [50, 65], [0, LAST_CHANCE]),
        ([0, 1], [60, 65], [0, 0]),
        ([0, 4, 4], [50, 30, 20], [0, LAST_CHANCE, 1]),
        ([0, 1, 6], [50, 40, 30], [0, 0, LAST_CHANCE]),
    ],
)
def test_the_first_of_the_last_type_is_the_last_chance_where_none_passed(
    types: list[int], pt: list[float], kinds: list[int]
) -> None:
    log_pt = np.log(np.array([pt]) / PT_MIN[types])
    assert (pt_kinds(np.array([types]), log_pt) % KINDS).tolist() == [kinds]


def test_a_last_chance_passes_at_every_position() -> None:
    events = EVENTS.canonical
    kind = ObjectType.JET * KINDS + LAST_CHANCE
    assert (pt_kinds(events.types, events.log_pt) == kind).sum() > 100
    least = min(Coordinates.fit(events).pt[kind].values)
    assert PT_MIN[0] * np.exp(least) >= EVENT_CRITERIA[0].pt_min * (1 - 2e-5)
