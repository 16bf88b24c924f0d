"""Drawing one after another against describing all at once, and what is exact by construction."""

from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf

from events.batch import Floats, Ints
from tests.support.object_networks import CONFIG, SLOTS, as_events, padded_events, trained_network
from training.autoregressive.coordinates import ETA_MAX, PT_MIN, Canonical, Coordinates
from training.autoregressive.draws import PER_OBJECT
from training.autoregressive.likelihood import log_likelihood
from training.autoregressive.network import EventNetwork
from training.autoregressive.sampler import PER_EVENT, EventSampler

EVENTS = padded_events(2000, seed=3)
SAMPLER = EventSampler(trained_network(), Coordinates.fit(EVENTS.canonical), SLOTS)
RNG = np.random.default_rng(4)
MASKS = np.stack([(EVENTS.types == type_).sum(axis=1) for type_ in range(7)], axis=1)[:600]
UNIFORM = RNG.random((600, SAMPLER.uniforms), dtype=np.float32)


def draw(masks: Ints, uniform: Floats, sampler: EventSampler = SAMPLER) -> dict[str, Floats]:
    drawn = sampler(tf.constant(masks), tf.constant(uniform))
    return {name: column.numpy() for name, column in drawn.items()}


@pytest.fixture(scope="module")
def drawn() -> dict[str, Floats]:
    return draw(MASKS, UNIFORM)


def test_events_have_the_objects_asked_for(drawn: dict[str, Floats]) -> None:
    for type_ in range(7):
        np.testing.assert_array_equal((drawn["type"] == type_).sum(axis=1), MASKS[:, type_])


def test_an_event_does_not_depend_on_the_others(drawn: dict[str, Floats]) -> None:
    for rows in (slice(3, 4), slice(100, 340)):
        for name, column in draw(MASKS[rows], UNIFORM[rows]).items():
            # Rounding depends on the rows beside, and grows where a density is low.
            near = np.isclose(column, drawn[name][rows], rtol=1e-2, atol=1e-2)
            assert near.mean() > 0.995


def test_rows_without_objects_which_fill_up_a_run_change_nothing(drawn: dict[str, Floats]) -> None:
    none = np.zeros((20, 7), np.int64)
    filled = draw(np.concatenate([MASKS[:100], none]), UNIFORM[:120])
    assert np.all(filled["type"][100:] == -1)
    for name, column in filled.items():
        assert np.isclose(column[:100], drawn[name][:100], rtol=1e-2, atol=1e-2).mean() > 0.995


def test_objects_keep_to_the_ranges_of_their_types(drawn: dict[str, Floats]) -> None:
    held = drawn["type"] >= 0
    types = drawn["type"][held]
    assert np.all(drawn["pt"][held] >= PT_MIN[types] * (1 - 1e-6))
    assert np.all(np.abs(drawn["eta"][held]) <= ETA_MAX[types])
    assert np.all(drawn["E"][held] >= drawn["pt"][held] * np.cosh(drawn["eta"][held]) * (1 - 1e-5))
    assert np.all(np.abs(drawn["phi"]) <= np.pi + 1e-5)
    same = (drawn["type"][:, 1:] == drawn["type"][:, :-1]) & held[:, 1:]
    assert np.all(np.diff(drawn["pt"], axis=1)[same] <= 1e-3)


def test_no_direction_is_preferred() -> None:
    masks = np.repeat([[2, 1, 0, 0, 0, 0, 0]], 4000, axis=0)
    drawn = draw(masks, np.random.default_rng(5).random((4000, SAMPLER.uniforms), dtype=np.float32))
    for phi in (drawn["phi"][:, 0], drawn["phi"][:, 2], drawn["met_phi"]):
        assert abs(np.exp(1j * phi).mean()) < 4 / np.sqrt(4000)
    assert abs(np.sign(drawn["eta"][:, 0]).mean()) < 4 / np.sqrt(4000)


def test_jets_seldom_lie_within_each_other() -> None:
    drawn = draw(MASKS, UNIFORM, replace(SAMPLER, network=EventNetwork(CONFIG, seed=1)))
    jets = drawn["type"]
    near = []
    for i in range(SLOTS):
        for j in range(i):
            both = (jets[:, i] >= 0) & (jets[:, i] <= 1) & (jets[:, j] >= 0) & (jets[:, j] <= 1)
            turn = np.abs(drawn["phi"][:, i] - drawn["phi"][:, j])
            distance = np.hypot(np.minimum(turn, 2 * np.pi - turn), drawn["eta"][:, i] - drawn["eta"][:, j])
            near.append(distance[both] < 0.6 - 1e-4)
    # An untrained network does not know; it misses at each of four attempts.
    assert np.concatenate(near).mean() < 0.01


@pytest.mark.parametrize("seed", range(5))
def test_numbers_become_positions_with_the_density_that_events_are_told_to_have(seed: int) -> None:
    """What a change of each number changes in each position has the determinant that the density says."""
    mask, step = [[2, 0, 0, 0, 0, 0, 0]], 2e-3
    objects = [PER_EVENT + k * PER_OBJECT + i for k in (0, 1) for i in (0, 1, 2)]
    numbers = [0, 1, *objects, PER_EVENT + PER_OBJECT + 3]
    base = numbers_of_distant_jets(np.random.default_rng(seed), mask)
    moved = np.repeat(base, 2 * len(numbers), axis=0)
    for i, number in enumerate(numbers):
        moved[2 * i : 2 * i + 2, number] += [-step, step]
    positions = described(draw(np.repeat(mask, len(moved), axis=0), moved))[0].astype(np.float64)
    jacobian = (positions[1::2] - positions[::2]) / (2 * step)
    at, log_density = described(draw(np.array(mask), base))
    assert at.shape == (1, len(numbers))
    # The first eta and the second phi can only lie in a half of their range.
    expected = -np.linalg.slogdet(jacobian)[1]
    assert float(log_density[0]) + 2 * np.log(2) == pytest.approx(expected, abs=0.15)


def numbers_of_distant_jets(rng: np.random.Generator, mask: list[list[int]]) -> Floats:
    """Numbers of two jets whose first azimuths stand, wherever they are."""
    while True:
        numbers = 0.2 + 0.6 * rng.random((1, SAMPLER.uniforms), dtype=np.float32)
        if abs(np.diff(draw(np.array(mask), numbers)["eta"][0, :2])[0]) > 0.7:
            return numbers


def described(drawn: dict[str, Floats]) -> tuple[Floats, Floats]:
    """Positions of events of two jets, and the logarithms of their density."""
    objects = np.stack([drawn[name] for name in ("E", "pt", "eta", "phi")], axis=2)
    met = np.stack([drawn["met"], drawn["met_phi"]], axis=1)
    events = as_events(SAMPLER.coordinates, Canonical.of(met, drawn["type"].astype(np.int64), objects))
    places = events.positions.numpy()[:, :2]
    columns = [events.residuals.numpy(), places[:, 0, [0, 1, 3]], places[:, 1, [0, 1, 3]], places[:, 1, 2:3]]
    return np.concatenate(columns, axis=1), log_likelihood(SAMPLER.network, events).numpy()
