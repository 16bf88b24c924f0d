import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from events.batch import Floats
from service.noise import Words, numbers

KEY = np.array([0x0123456789ABCDEF, 0xFEDCBA9876543210], np.uint64)
ADDRESS = np.array([0, 3, 2**62 + 5, 17], np.uint64)


def drawn(stop: int, *, normal: bool, start: int = 0, address: Words = ADDRESS) -> Floats:
    return numbers(KEY, address[np.newaxis], np.array([[start, stop]]), normal=normal)


def halves(n: int) -> npt.NDArray[np.uint32]:
    """The lower and upper halves of an address's first n words, as numpy makes them."""
    words = np.random.Philox(key=KEY, counter=ADDRESS).random_raw(n)
    return words.view("<u4").reshape(n, 2)


def test_uniform_numbers_are_those_of_numpy() -> None:
    philox = np.random.Generator(np.random.Philox(key=KEY, counter=ADDRESS))
    np.testing.assert_array_equal(drawn(10_000, normal=False), philox.random(10_000, np.float32))


def test_normal_numbers_are_the_points_of_box_and_muller() -> None:
    lower, upper = halves(50_000).astype(np.float64).T
    radius = np.sqrt(-2 * np.log((lower + (lower % 2 == 0)) / 2**32))
    # The quarter turn, then the angle within it, from -pi/4 to pi/4.
    angle = 2 * np.pi * (np.floor(upper / 2**30) / 4 + ((upper / 2**30 + 0.5) % 1 - 0.5) / 4)
    expected = np.stack((radius * np.cos(angle), radius * np.sin(angle)), axis=1).ravel()
    np.testing.assert_allclose(drawn(100_000, normal=True), expected, rtol=0, atol=1e-5)


def test_normal_numbers_are_normal_to_their_tails() -> None:
    sample = drawn(2_000_000, normal=True).astype(np.float64)
    assert stats.kstest(sample[:200_000], stats.norm.cdf).pvalue > 1e-3
    for threshold in (2, 3, 4, 4.5):
        expected = 2 * stats.norm.sf(threshold) * sample.size
        assert abs((np.abs(sample) > threshold).sum() - expected) < 4 * np.sqrt(expected)


def test_the_two_numbers_of_a_word_are_uncorrelated() -> None:
    x, y = drawn(1_000_000, normal=True).reshape(-1, 2).astype(np.float64).T
    for a, b in ((x, y), (x**2, y**2), (np.abs(x), y), (x, np.roll(x, 1))):
        assert abs(np.corrcoef(a, b)[0, 1]) < 4.5 / np.sqrt(len(x))


@given(start=st.integers(0, 3000), size=st.integers(0, 3000), normal=st.booleans())
def test_a_part_is_the_same_as_in_the_whole(start: int, size: int, normal: bool) -> None:
    whole = drawn(6000, normal=normal)
    np.testing.assert_array_equal(
        drawn(start + size, start=start, normal=normal), whole[start : start + size]
    )


@pytest.mark.parametrize("normal", [False, True])
def test_addresses_follow_one_another(normal: bool) -> None:
    addresses = ADDRESS + np.arange(3, dtype=np.uint64)[:, np.newaxis] * np.array([0, 0, 1, 0], np.uint64)
    stops = np.array([5, 0, 2000])
    parts = [
        drawn(int(stop), normal=normal, address=address)
        for address, stop in zip(addresses, stops, strict=True)
    ]
    bounds = np.stack((np.zeros(3, np.int64), stops), axis=1)
    together = numbers(KEY, addresses, bounds, normal=normal)
    np.testing.assert_array_equal(together, np.concatenate(parts))
