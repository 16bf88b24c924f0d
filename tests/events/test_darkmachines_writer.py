from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given

from events.batch import EventBatch
from events.darkmachines_writer import encode_darkmachines
from events.objects import SYMBOLS
from events.units import EnergyUnit
from tests.support.event_strategies import event_batches


def plain_lines(batch: EventBatch) -> Iterator[str]:
    """What the encoder must give, an object at a time, in MeV."""
    mega = np.float32(1000)
    for i in range(len(batch)):
        process = batch.processes[batch.process_index[i]]
        line = f"{batch.event_id[i]};{process};{batch.weight[i]:.6g};{batch.met[i] * mega:.6g};"
        line += f"{batch.met_phi[i]:.6g};"
        for k in range(batch.offsets[i], batch.offsets[i + 1]):
            line += f"{SYMBOLS[batch.type[k]]},{batch.E[k] * mega:.6g},{batch.pt[k] * mega:.6g},"
            line += f"{batch.eta[k]:.6g},{batch.phi[k]:.6g};"
        yield line + "\n"


@given(event_batches())
def test_lines_are_those_of_a_plain_writer(batch: EventBatch) -> None:
    assert encode_darkmachines(batch).decode() == "".join(plain_lines(batch))


def two_events() -> EventBatch:
    return EventBatch(
        processes=("ttbar", "stop_02"),
        process_index=np.array([0, 1], np.int32),
        event_id=np.array([94, 12345678901]),
        weight=np.array([1, 3.01895e-07], np.float32),
        met=np.array([112.288, 1056.28], np.float32),
        met_phi=np.array([1.74766, -0.0000321], np.float32),
        offsets=np.array([0, 2, 2], np.int32),
        type=np.array([1, 4], np.int8),
        E=np.array([331.927, 0.0], np.float32),
        pt=np.array([147.558, 20.5], np.float32),
        eta=np.array([-1.44969, 2], np.float32),
        phi=np.array([-1.76399, 0.5], np.float32),
    )


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("MeV", (b"94;ttbar;1;112288;1.74766;b,331927,147558,-1.44969,-1.76399;m-,0,20500,2,0.5;\n"
                b"12345678901;stop_02;3.01895e-07;1.05628e+06;-3.21e-05;\n")),
        ("GeV", (b"94;ttbar;1;112.288;1.74766;b,331.927,147.558,-1.44969,-1.76399;m-,0,20.5,2,0.5;\n"
                b"12345678901;stop_02;3.01895e-07;1056.28;-3.21e-05;\n")),
    ],
)  # fmt: skip
def test_golden_lines(unit: EnergyUnit, text: bytes) -> None:
    assert encode_darkmachines(two_events(), unit) == text


def test_many_events_are_their_single_lines() -> None:
    n = 3000
    many = two_events().take(np.arange(n) % 2)
    single = b"".join(encode_darkmachines(two_events().slice(i, i + 1)) for i in range(2))
    assert encode_darkmachines(many) == single * (n // 2)


def test_threads_do_not_disturb_each_other() -> None:
    batches = [two_events().take(np.arange(n) % 2) for n in range(500, 540)]
    alone = list(map(encode_darkmachines, batches))
    with ThreadPoolExecutor(4) as executor:
        assert list(executor.map(encode_darkmachines, batches)) == alone


@pytest.mark.parametrize("process", ["", "a;b", "a,b", "a\n", " a", "a\0"])
def test_process_ids_that_would_break_a_line_are_refused(process: str) -> None:
    with pytest.raises(ValueError, match="cannot be a process ID"):
        encode_darkmachines(replace(two_events(), processes=("ttbar", process)))


def test_numbers_that_are_not_finite_are_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        encode_darkmachines(replace(two_events(), met=np.array([1, np.nan], np.float32)))
