import numpy as np
import tensorflow as tf

from tests.support.object_networks import SLOTS, as_events, padded_events, trained_network
from training.autoregressive.coordinates import Coordinates
from training.autoregressive.likelihood import Events, contexts_of_positions, log_likelihood

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
        one_hot = tf.one_hot(event.types, 7)
        contexts, _ = contexts_of_positions(network, event.kinematics, one_hot)
        third = tf.reduce_sum(contexts[:, 2])
    gradient = tape.gradient(third, event.kinematics).numpy()[0]
    assert np.all(gradient[2:] == 0)
    assert np.all(np.any(gradient[:2] != 0, axis=1))
