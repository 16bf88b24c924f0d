import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.masks import AliasTable, MaskGenerator, build_alias_table, build_mask_generator, occurring_types

WEIGHTS = st.lists(st.floats(0, 1e6), min_size=1, max_size=60).filter(lambda w: sum(w) > 1e-3)


def probabilities(table: AliasTable) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What a table draws, by summing over its cells."""
    found = np.zeros(len(table.accept))
    np.add.at(found, np.arange(len(found)), table.accept / len(found))
    np.add.at(found, table.alias, (1 - table.accept) / len(found))
    return found


@given(WEIGHTS)
def test_alias_table_draws_each_index_with_its_weight(weights: list[float]) -> None:
    expected = np.array(weights) / sum(weights)
    np.testing.assert_allclose(probabilities(build_alias_table(weights)), expected, atol=1e-6)


@pytest.mark.parametrize("weights", [[], [0.0, 0.0], [1.0, -1.0], [1.0, float("nan")], [float("inf")]])
def test_impossible_weights_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        build_alias_table(weights)


def test_draw_stays_in_range_at_the_edges_of_the_unit_interval() -> None:
    table = build_alias_table([1, 2, 3])
    edges = np.array([0, np.nextafter(np.float32(1), np.float32(0))], np.float32)
    drawn = table.draw(np.repeat(edges, 2), np.tile(edges, 2))
    assert set(drawn.tolist()) <= {0, 1, 2}


def some_masks() -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    kinds = np.array(
        [[3, 1, 0, 0, 0, 0, 0], [2, 2, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0, 2]]
    )
    return np.repeat(kinds, [60, 24, 10, 6], axis=0)


def drawn_shares(generator: MaskGenerator, n: int) -> dict[tuple[int, ...], float]:
    drawn = generator.draw(np.random.default_rng(1).random((n, 4), dtype=np.float32))
    masks, counts = np.unique(drawn, axis=0, return_counts=True)
    return {tuple(mask): count / n for mask, count in zip(masks.tolist(), counts, strict=True)}


def test_frequent_masks_cover_at_most_their_share_and_the_rest_is_rare() -> None:
    generator = build_mask_generator(some_masks(), frequent_share=0.85)
    assert generator.frequent.tolist() == [[3, 1, 0, 0, 0, 0, 0], [2, 2, 1, 0, 0, 0, 0]]
    assert len(generator.rare) == 2


@pytest.mark.parametrize("frequent_share", [0.1, 0.85, 1.0])
def test_both_levels_together_reproduce_the_frequencies(frequent_share: float) -> None:
    n = 200_000
    shares = drawn_shares(build_mask_generator(some_masks(), frequent_share=frequent_share), n)
    for mask, expected in zip(([3, 1], [2, 2, 1], [1, 1, 0, 0, 0, 1]), (0.6, 0.24, 0.1), strict=True):
        error = 5 * np.sqrt(expected * (1 - expected) / n)
        assert shares[(*mask, *[0] * (7 - len(mask)))] == pytest.approx(expected, abs=error)


def test_events_with_too_many_objects_are_left_out() -> None:
    masks = np.array([[19, 0, 0, 0, 0, 0, 0], [19, 1, 0, 0, 0, 0, 0], [0] * 7])
    assert build_mask_generator(masks).masks.tolist() == [[19, 0, 0, 0, 0, 0, 0]]
    with pytest.raises(ValueError, match="no event with 1 to 5 objects"):
        build_mask_generator(masks, max_objects=5)


def test_occurring_types() -> None:
    assert occurring_types(some_masks()) == [0, 1, 2, 5, 6]
