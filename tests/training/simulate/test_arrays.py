import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from events.kinematics import delta_r
from training.simulate.arrays import Floats, Ints, cone_pairs, summed

OBJECTS = st.lists(st.tuples(st.integers(0, 3), st.floats(-2, 2), st.floats(-3.1, 3.1)), max_size=12).map(
    sorted
)


def columns(objects: list[tuple[int, float, float]]) -> tuple[Ints, Floats, Floats]:
    table = np.array(objects, np.float64).reshape(-1, 3)
    return table[:, 0].astype(np.int64), table[:, 1], table[:, 2]


@given(OBJECTS, OBJECTS)
def test_cone_pairs_are_those_that_a_double_loop_finds(
    first: list[tuple[int, float, float]], second: list[tuple[int, float, float]]
) -> None:
    a, b = columns(first), columns(second)
    expected = [
        (i, k)
        for i in range(len(first))
        for k in range(len(second))
        if a[0][i] == b[0][k] and delta_r(a[1][i], a[2][i], b[1][k], b[2][k]) < 0.5
    ]
    assert list(zip(*(index.tolist() for index in cone_pairs(a, b, 0.5)), strict=True)) == expected


def test_summed_adds_at_each_index() -> None:
    index, values = np.array([2, 0, 2]), np.array([1.0, 10.0, 100.0])
    assert summed(index, values, 4).tolist() == [10.0, 0.0, 101.0, 0.0]
