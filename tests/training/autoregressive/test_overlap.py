"""What is left where jets keep their distance, against sums over many azimuths."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tests.support.object_networks import as_events, padded_events, trained_network
from training.autoregressive.coordinates import Coordinates
from training.autoregressive.likelihood import Described
from training.autoregressive.overlap import NEAR, TOO_NEAR, allowed_azimuths, without_overlap

Angles: TypeAlias = npt.NDArray[np.floating[Any]]

BINS: Final = 16
CANONICAL = padded_events(80, seed=6).canonical
DESCRIBED = Described.of(trained_network(), as_events(Coordinates.fit(CANONICAL), CANONICAL))


def distance(first: Angles, second: Angles) -> Angles:
    turn = np.abs(first - second) % (2 * np.pi)
    return np.asarray(np.minimum(turn, 2 * np.pi - turn))


def test_what_is_left_of_a_knot_is_the_integral_of_its_hat_function() -> None:
    found = allowed_azimuths(DESCRIBED.objects.eta, DESCRIBED.jet, DESCRIBED.sources, BINS).numpy()
    grid = np.linspace(-np.pi, np.pi, 4000, endpoint=False)
    step = 2 * np.pi / BINS
    hats = np.maximum(1 - distance(grid, np.linspace(-np.pi, np.pi, BINS + 1)[:, None]) / step, 0)
    eta, jet = DESCRIBED.objects.eta.numpy()[0], DESCRIBED.jet.numpy()[0]
    sources, objects = DESCRIBED.sources.jet.numpy()[0], DESCRIBED.sources.objects
    others = 0
    for query in np.flatnonzero(jet):
        near = [
            distance(grid, phi) ** 2 + (eta[query] - its_eta) ** 2 < NEAR
            for phi, its_eta, seen in zip(
                objects.phi.numpy()[0, :, query],
                objects.eta.numpy()[0, :, query],
                sources[:, query],
                strict=True,
            )
            if seen
        ]
        taken = np.sum(near, axis=0) if near else np.zeros(len(grid))
        if taken.max() <= 1:
            expected = hats[:, taken == 0].sum(axis=1) / hats.sum(axis=1)
            np.testing.assert_allclose(found[query], expected, atol=0.01)
            others += taken.max() == 1
    assert others > 5


def test_the_first_azimuth_at_a_distance_is_chosen() -> None:
    rng = np.random.default_rng(7)
    phi, eta = (getattr(DESCRIBED.sources.objects, name).numpy()[0] for name in ("phi", "eta"))
    jets = (DESCRIBED.sources.jet.numpy() * DESCRIBED.jet.numpy())[0] > 0
    enough, used = np.array([NEAR, NEAR, NEAR, TOO_NEAR, NEAR, NEAR, 0]), set()
    with_others = np.flatnonzero(jets.any(axis=0))
    for _ in range(20):
        # Around the first of the others, so that all candidates have their turn.
        shape = (3, jets.shape[1])
        tries = phi[jets.argmax(axis=0), np.arange(shape[1])] + rng.uniform(-0.6, 0.6, shape)
        tries = tries.astype(np.float32)
        chosen = without_overlap(tries, DESCRIBED.objects.eta, DESCRIBED.jet, DESCRIBED.sources).numpy()[0]
        turned = tries[2:] + np.array([[1], [0.5], [-0.5]]) * np.pi
        candidates = np.concatenate([tries, tries[2:], turned])
        for query in with_others:
            others = jets[:, query]
            apart = (DESCRIBED.objects.eta.numpy()[0, query] - eta[others, query]) ** 2
            apart = apart + distance(candidates[:, query, None], phi[others, query]) ** 2
            best = np.argmax(np.all(enough[:, None] <= apart, axis=1))
            used.add(best)
            assert distance(chosen[query], candidates[best, query]) < 1e-5
            assert -np.pi <= chosen[query] < np.pi or best <= 3
        np.testing.assert_allclose(
            np.delete(chosen, with_others), np.delete(tries[0], with_others), atol=1e-5
        )
    assert {0, 1, 2, 3, 4} <= used


def test_jets_are_turned_away_rather_than_put_upon_each_other() -> None:
    """All tries upon the first of the others."""
    eta, jet, others = DESCRIBED.objects.eta, DESCRIBED.jet, DESCRIBED.sources
    tries = tf.repeat(others.objects.phi[0, :1], 3, axis=0)
    chosen = without_overlap(tries, eta, jet, others).numpy()
    both = (others.jet * jet).numpy()[0] > 0
    apart = distance(chosen, others.objects.phi.numpy()[0]) ** 2 + (eta - others.objects.eta).numpy()[0] ** 2
    before = distance(tries.numpy()[:1], others.objects.phi.numpy()[0]) ** 2
    assert (before[both] + (eta - others.objects.eta).numpy()[0][both] ** 2 < TOO_NEAR).sum() > 10
    assert apart[both].min() >= TOO_NEAR * (1 - 1e-5)
