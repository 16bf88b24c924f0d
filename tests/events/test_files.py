import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from events.batch import EventBatch, concatenate
from events.darkmachines_writer import encode_darkmachines
from events.errors import BadLineError, EventFileError
from events.files import SUFFIXES, read_events, write_events
from tests.support.batches import assert_same_events
from tests.support.event_strategies import event_batches

PROJECT = Path(__file__).resolve().parents[2]
BINARY_SUFFIXES = [suffix for suffix in SUFFIXES if "csv" not in suffix]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("events")


@pytest.mark.parametrize("suffix", BINARY_SUFFIXES)
@settings(max_examples=30)
@given(batch=event_batches().filter(len))
def test_binary_files_in_gev_lose_nothing(folder: Path, suffix: str, batch: EventBatch) -> None:
    path = folder / f"events{suffix}"
    assert write_events(path, [batch], unit="GeV") == len(batch)
    assert_same_events(concatenate(list(read_events(path))).with_processes(batch.processes), batch)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=30)
@given(batch=event_batches().filter(len))
def test_files_in_mev_keep_the_text_of_events(folder: Path, suffix: str, batch: EventBatch) -> None:
    path = folder / f"events{suffix}"
    write_events(path, [batch])
    assert b"".join(map(encode_darkmachines, read_events(path))) == encode_darkmachines(batch)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_batches_are_written_one_after_the_other(tmp_path: Path, suffix: str, ten_events: EventBatch) -> None:
    path = tmp_path / f"events{suffix}"
    assert write_events(path, (ten_events for _ in range(3)), unit="GeV") == 30
    read = concatenate(list(read_events(path, csv_unit="GeV")))
    assert encode_darkmachines(read, "GeV") == encode_darkmachines(ten_events, "GeV") * 3


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_same_events_give_the_same_bytes(tmp_path: Path, suffix: str, ten_events: EventBatch) -> None:
    first, second = tmp_path / f"first{suffix}", tmp_path / f"second{suffix}"
    write_events(first, [ten_events])
    write_events(second, [ten_events])
    assert first.read_bytes() == second.read_bytes()


def broken(batch: EventBatch) -> Iterator[EventBatch]:
    yield batch
    raise RuntimeError("the simulation failed")


def test_a_failure_leaves_what_was_there(tmp_path: Path, ten_events: EventBatch) -> None:
    path = tmp_path / "events.csv"
    path.write_text("before")
    with pytest.raises(RuntimeError, match="simulation"):
        write_events(path, broken(ten_events))
    assert [file.name for file in tmp_path.iterdir()] == ["events.csv"]
    assert path.read_text() == "before"


def test_bad_lines_raise_or_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("1;ttbar;1;2;3;\nbad\n2;ttbar;1;2;3;\nbad\n")
    with pytest.raises(BadLineError, match="line 2"):
        list(read_events(path))
    reader = read_events(path, on_error="skip")
    assert concatenate(list(reader)).event_id.tolist() == [1, 2]
    assert reader.skipped == 2


def test_unknown_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EventFileError, match=r"events.root has none of the endings .*\.csv\.gz \.parquet"):
        read_events(tmp_path / "events.root")
    with pytest.raises(EventFileError, match="none of the endings"):
        write_events(tmp_path / "events.root", [])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_files_are_told_as_such(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_events(tmp_path / f"events{suffix}"))


@pytest.mark.parametrize("suffix", BINARY_SUFFIXES)
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_files_cut_short_are_told_as_such(
    tmp_path: Path, suffix: str, kept: float, ten_events: EventBatch
) -> None:
    path = tmp_path / f"events{suffix}"
    write_events(path, [ten_events] * 5, provenance={"num_events": "50"})
    data = path.read_bytes()
    path.write_bytes(data[: int(kept * len(data))])
    with pytest.raises(EventFileError, match=f"^{path}"):
        list(read_events(path))


def test_a_stream_cut_between_batches_is_told_by_the_announced_number(
    tmp_path: Path, ten_events: EventBatch
) -> None:
    path = tmp_path / "events.arrows"
    write_events(path, [ten_events] * 4, provenance={"num_events": "50"})
    with pytest.raises(EventFileError, match="40 events, where 50 are announced"):
        list(read_events(path))


def test_files_in_another_layout_are_told_as_such(tmp_path: Path, ten_events: EventBatch) -> None:
    path = tmp_path / "events.parquet"
    write_events(path, [ten_events], layout="nanoaod")
    with pytest.raises(
        EventFileError, match=r"no column objects, only run, .*; write the file in the layout"
    ):
        list(read_events(path))


def peak_memory_of_copying(source: Path, target: Path) -> int:
    """The most memory in MiB that a process has held that reads one file and writes another."""
    program = (
        "import sys; from events.files import read_events, write_events;"
        "from tests.support.memory import peak_mib;"
        "print(write_events(sys.argv[2], read_events(sys.argv[1])));"
        "print(peak_mib())"
    )
    command = [sys.executable, "-c", program, str(source), str(target)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=PROJECT)
    n_events, mebibytes = map(int, run.stdout.split())
    assert n_events == source.read_bytes().count(b"\n")
    return mebibytes


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the memory of a process")
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str, ten_events: EventBatch) -> None:
    lines = encode_darkmachines(ten_events.take(np.arange(20_000) % 10))
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    small.write_bytes(lines * 4)
    large.write_bytes(lines * 16)
    growth = large.stat().st_size / 2**20 - small.stat().st_size / 2**20
    target = tmp_path / f"copy{suffix}"
    assert growth > 25
    assert peak_memory_of_copying(large, target) < peak_memory_of_copying(small, target) + growth / 2


def test_provenance_is_kept(tmp_path: Path, ten_events: EventBatch) -> None:
    path = tmp_path / "events.arrow"
    write_events(path, [ten_events], provenance={"seed": "7"})
    with pa.memory_map(str(path)) as file:
        assert pa.ipc.open_file(file).schema.metadata == {b"seed": b"7"}
