import numpy as np
import pytest
import tensorflow as tf

from events.batch import Floats
from tests.support.object_networks import SLOTS, as_events, padded_events, trained_network
from training.autoregressive.coordinates import KINDS, LAST_CHANCE, Coordinates, pt_kinds
from training.autoregressive.likelihood import (
    Described,
    Events,
    contexts_of_positions,
    last_chances,
    log_likelihood,
)

CANONICAL = padded_events(300, seed=2).canonical
COORDINATES = Coordinates.fit(CANONICAL)
EVENTS = as_events(COORDINATES, CANONICAL)


def logs(events: Events) -> list[float]:
    values: list[float] = log_likelihood(trained_network(), events).numpy().tolist()
    return values


def test_slots_that_no_event_uses_change_nothing() -> None:
    few = np.flatnonzero((CANONICAL.types >= 0).sum(axis=1) <= 3)
    narrow = Events(
        tf.gather(EVENTS.types, few)[:, :3],
        tf.gather(EVENTS.kinematics, few)[:, :3],
        tf.gather(EVENTS.positions, few)[:, :3],
        tf.gather(EVENTS.residuals, few),
    )
    wide = [x for i, x in enumerate(logs(EVENTS)) if i in set(few.tolist())]
    np.testing.assert_allclose(logs(narrow), wide, rtol=1e-4, atol=1e-4)


def test_events_do_not_depend_on_each_other() -> None:
    one = Events(*(x[7:8] for x in (EVENTS.types, EVENTS.kinematics, EVENTS.positions, EVENTS.residuals)))
    np.testing.assert_allclose(logs(one), logs(EVENTS)[7:8], rtol=1e-4, atol=1e-4)


def test_an_object_does_not_depend_on_those_after_it() -> None:
    full = int(np.flatnonzero((CANONICAL.types >= 0).sum(axis=1) == SLOTS)[0])
    row = slice(full, full + 1)
    event = Events(*(x[row] for x in (EVENTS.types, EVENTS.kinematics, EVENTS.positions, EVENTS.residuals)))
    with tf.GradientTape() as tape:
        tape.watch(event.kinematics)
        network = trained_network()
        described = Described.of(network, event)
        contexts, _ = contexts_of_positions(network, described, described.candidates())
        third = tf.reduce_sum(contexts[2])
    gradient = tape.gradient(third, event.kinematics).numpy()[0]
    assert np.all(gradient[2:] == 0)
    assert np.all(np.any(gradient[:2] != 0, axis=1))


def test_the_network_is_told_of_the_last_chances_that_the_tables_know() -> None:
    one_hot = tf.transpose(tf.one_hot(CANONICAL.types, 7), (2, 0, 1))
    told = last_chances(one_hot, tf.constant(CANONICAL.log_pt, tf.float32)).numpy()
    expected = (pt_kinds(CANONICAL.types, CANONICAL.log_pt) % KINDS == LAST_CHANCE) & (CANONICAL.types >= 0)
    np.testing.assert_array_equal(told[:, :-1] > 0, expected)
    assert not told[:, -1].any()


def test_candidates_are_the_pairs_nearest_to_the_w_among_the_objects_before() -> None:
    """The plain twin: over all pairs of light jets, one after another."""
    found = Described.of(trained_network(), EVENTS).candidates()
    momentum = found.momentum.numpy().reshape(4, len(CANONICAL.types), SLOTS + 1)
    away = found.away.numpy().reshape(len(CANONICAL.types), SLOTS + 1)
    for event in range(60):
        light = [massless(event, k) for k in range(SLOTS) if CANONICAL.types[event, k] == 0]
        for position in range(SLOTS + 1):
            pairs = [a + b for i, a in enumerate(light[:position]) for b in light[:i]]
            distances = [abs(np.log((p[3] ** 2 - (p[:3] ** 2).sum()) * 1e4 / 80.4**2)) for p in pairs]
            least = min(distances, default=3.0)
            assert away[event, position] == pytest.approx(min(least, 3.0), abs=2e-2)
            if least < 2.9:
                best = pairs[int(np.argmin(distances))]
                np.testing.assert_allclose(momentum[:, event, position], best, rtol=1e-3, atol=1e-3)


def massless(event: int, k: int) -> Floats:
    """px, py, pz, E in 100 GeV of a light jet without its mass."""
    pt, eta, phi = 0.2 * np.exp(CANONICAL.log_pt[event, k]), CANONICAL.eta[event, k], CANONICAL.phi[event, k]
    return np.array([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)])
