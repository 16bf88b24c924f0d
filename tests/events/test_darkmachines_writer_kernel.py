from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from events.batch import EventBatch, Floats
from events.darkmachines_writer import encode_darkmachines
from events.darkmachines_writer_kernel import write_lines
from events.objects import ObjectType


def events_of_weight(values: Floats) -> EventBatch:
    n = len(values)
    zeros, no_objects = np.zeros(n, np.float32), np.zeros(0, np.float32)
    return EventBatch(
        processes=("ttbar",),
        process_index=np.zeros(n, np.int32),
        event_id=np.zeros(n, np.int64),
        weight=values,
        met=zeros,
        met_phi=zeros,
        offsets=np.zeros(n + 1, np.int32),
        type=np.zeros(0, np.int8),
        E=no_objects,
        pt=no_objects,
        eta=no_objects,
        phi=no_objects,
    )


def texts(values: Floats) -> list[str]:
    lines = encode_darkmachines(events_of_weight(values)).decode().splitlines()
    return [line.split(";")[2] for line in lines]


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


def test_the_numbers_nearest_to_ties_have_the_text_of_printf() -> None:
    """The worst of all float32 numbers, each found by a search through all with its decimal exponent."""
    bits = [
        0x0269FA95, 0x6EE5CA5B, 0x1B0F8E43, 0x656B2534, 0x77D09555, 0x147EB11A, 0x01E9FA95, 0x7CA7B58A,
        0x117C050C, 0x627BE296, 0x1A8F8E43, 0x5CDE23CE, 0x78FE8434, 0x0ED19A99, 0x31E6B4E2, 0x5B4884D6,
    ]  # fmt: skip
    values = np.array(bits, np.uint32).view(np.float32)
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
        texts(np.array([1.0, value], np.float32))


@pytest.mark.parametrize("event_id", [0, -1, 10, 99999, 2**63 - 1, -(2**63)])
def test_event_ids_are_whole(event_id: int) -> None:
    batch = replace(events_of_weight(np.ones(1, np.float32)), event_id=np.array([event_id]))
    assert encode_darkmachines(batch) == f"{event_id};ttbar;1;0;0;\n".encode()


def test_memory_of_another_kind_is_not_compiled_for_anew() -> None:
    texts(np.ones(4, np.float32))
    strided = np.arange(8, dtype=np.float32)[::2]
    unaligned = np.frombuffer(b"\0" + strided.tobytes(), np.uint8)[1:].view(np.float32)
    for values in (strided, unaligned, np.frombuffer(strided.tobytes(), np.float32)):
        assert texts(values) == ["0", "2", "4", "6"]
    assert len(write_lines.signatures) == 1  # type: ignore[attr-defined] # what `compiled` makes of it


def test_the_longest_lines_fit() -> None:
    n, number, process = 3, "-1.17549e-38", "p" * 100
    longest = np.full(n, float(number), np.float32)
    batch = EventBatch(
        processes=(process,),
        process_index=np.zeros(n, np.int32),
        event_id=np.full(n, -(2**63)),
        weight=longest,
        met=longest,
        met_phi=longest,
        offsets=np.array([0, 0, 0, n], np.int32),
        type=np.full(n, ObjectType.POSITRON, np.int8),
        E=longest,
        pt=longest,
        eta=longest,
        phi=longest,
    )
    event = ";".join([str(-(2**63)), process, number, number, number, ""])
    an_object = ",".join(["e+", number, number, number, number])
    lines = encode_darkmachines(batch, "GeV").decode().splitlines()
    assert lines == [event, event, event + f"{an_object};" * n]
