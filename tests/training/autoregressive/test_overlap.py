"""What is left where jets keep their distance, against sums over many azimuths."""

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from tests.support.object_networks import as_events, padded_events, trained_network
from training.autoregressive.coordinates import Coordinates
from training.autoregressive.likelihood import Described
from training.autoregressive.overlap import NEAR, allowed_azimuths, without_overlap

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
    eta, jet = DESCRIBED.objects.eta, DESCRIBED.jet
    tries = rng.uniform(-np.pi, np.pi, (3, jet.shape[1])).astype(np.float32)
    chosen = without_overlap(tf.constant(tries), eta, jet, DESCRIBED.sources).numpy()[0]
    objects = DESCRIBED.sources.objects
    jets = (DESCRIBED.sources.jet.numpy() * jet.numpy())[0]
    apart = (eta.numpy() - objects.eta.numpy())[0] ** 2
    for query in range(len(chosen)):
        apart_in_phi = distance(tries[:, query, None], objects.phi.numpy()[0, :, query])
        good = np.all(jets[:, query] * NEAR <= apart_in_phi**2 + apart[:, query], axis=1)
        expected = tries[np.argmax(good) if good.any() else 2, query]
        assert chosen[query] == pytest.approx(expected, abs=1e-5)
