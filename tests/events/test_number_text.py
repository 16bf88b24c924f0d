import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from events.batch import Floats
from events.number_text import number_cells


def texts(values: Floats) -> list[str]:
    cells = number_cells(values)
    cells.view("<u4")[:, 3] = ord("\n")
    return cells.tobytes().translate(None, b"\0").decode().splitlines()


def plain_texts(values: Floats) -> list[str]:
    return [f"{value:.6g}" for value in values.tolist()]


@settings(max_examples=300)
@given(
    hnp.arrays(
        np.float32, st.integers(0, 50), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)
    )
)
def test_any_number_has_the_text_of_printf(values: Floats) -> None:
    assert texts(values) == plain_texts(values)


@given(st.integers(0, 2**32 - 1))
def test_random_bit_patterns_have_the_text_of_printf(seed: int) -> None:
    bits = np.random.default_rng(seed).integers(0, 2**32, 2000, dtype=np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values)]
    assert texts(values) == plain_texts(values)


def test_ties_have_the_text_of_printf() -> None:
    sixteenths = np.arange(2**20 - 50_000, 2**20 + 50_000) * 2 + 1
    values = np.concatenate([sixteenths / 2.0, sixteenths / 16.0, sixteenths * 8.0]).astype(np.float32)
    assert texts(values) == plain_texts(values)


def test_neighbours_of_powers_of_ten_have_the_text_of_printf() -> None:
    powers = np.array([float(f"1e{exponent}") for exponent in range(-44, 39)], np.float32)
    bits = (powers.view(np.int32)[:, np.newaxis] + np.arange(-20, 21, dtype=np.int32)).ravel()
    values = bits.view(np.float32)
    values = values[np.isfinite(values)]
    assert texts(values) == plain_texts(values)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1056280.0, "1.05628e+06"),
        (-120000.0, "-120000"),
        (999999.5, "1e+06"),
        (999999.4375, "999999"),
        (9.999995e-5, "9.99999e-05"),
        (9.9999997e-5, "0.0001"),
        (-0.000123456, "-0.000123456"),
        (1e-45, "1.4013e-45"),
        (3.4028235e38, "3.40282e+38"),
        (123456.5, "123456"),
        (3.01895e-07, "3.01895e-07"),
    ],
)
def test_known_texts(value: float, text: str) -> None:
    assert texts(np.array([value], np.float32)) == [text]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        number_cells(np.array([1.0, value], np.float32))
