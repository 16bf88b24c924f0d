import numpy as np
import pytest
import tensorflow as tf

from events.objects import SYMBOLS
from training.spline_flow.layout import GroupedSlots

SLOTS = GroupedSlots(jets=3, b_jets=2, others=2)
J, B, EM, EP, MM, MP, G = range(len(SYMBOLS))


def test_each_group_has_its_slots() -> None:
    assert SLOTS.total == 7
    assert SLOTS.group.tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert SLOTS.rank.tolist() == [0, 1, 2, 0, 1, 0, 1]
    assert SLOTS.chained.tolist() == [False, True, True, False, True, False, False]


@pytest.mark.parametrize(
    ("mask", "held"),
    [
        ((3, 2, 0, 0, 0, 1, 1), True),
        ((0, 1, 0, 0, 0, 0, 0), True),
        ((0, 0, 0, 0, 0, 0, 0), False),
        ((4, 0, 0, 0, 0, 0, 0), False),
        ((0, 3, 0, 0, 0, 0, 0), False),
        ((1, 1, 1, 1, 0, 0, 1), False),
    ],
)
def test_it_tells_which_events_fit(mask: tuple[int, ...], *, held: bool) -> None:
    assert SLOTS.hold(np.array([mask])).tolist() == [held]


def test_objects_stand_by_group_then_type_then_falling_pt() -> None:
    types = np.array([[B, J, G, J, MM, -1, -1, -1]])
    pt = np.array([[90, 30, 25, 80, 20, 0, 0, 0]], np.float32)
    index, filled = SLOTS.arrange(types, pt)
    assert filled.tolist() == [[True, True, False, True, False, True, True]]
    assert index[filled].tolist() == [3, 1, 0, 4, 2]


def test_the_numbers_of_objects_tell_how_slots_are_filled() -> None:
    rng = np.random.default_rng(1)
    masks = rng.integers(0, 2, (300, len(SYMBOLS)))
    masks = masks[SLOTS.hold(masks)]
    padded = np.full((len(masks), 9), -1)
    for row, mask in zip(padded, masks, strict=True):
        objects = rng.permutation(np.repeat(np.arange(len(SYMBOLS)), mask))
        row[: len(objects)] = objects
    index, expected = SLOTS.arrange(padded, rng.random(padded.shape).astype(np.float32))
    filled, types = (tensor.numpy() for tensor in SLOTS.fill(tf.constant(masks)))
    assert np.array_equal(filled > 0, expected)
    assert np.array_equal(types[expected], np.take_along_axis(padded, index, axis=1)[expected])


def test_different_masks_have_different_contexts() -> None:
    masks = np.array(
        [[1, 0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 0], [2, 1, 0, 0, 0, 0, 2]]
    )
    context = SLOTS.context(*SLOTS.fill(tf.constant(masks))).numpy()
    assert context.shape == (4, SLOTS.context_width)
    assert len(np.unique(context, axis=0)) == 4
