import gzip
import re
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.batch import EventBatch, concatenate
from events.darkmachines_line import clean_line
from events.darkmachines_reader import read_darkmachines
from events.darkmachines_writer import encode_darkmachines
from events.errors import BadLineError, EventFileError
from events.objects import SYMBOL_ALIASES, SYMBOLS
from tests.support.batches import assert_same_events
from tests.support.event_strategies import event_batches
from tests.support.real_files import REAL_FILES

LINE = b"94;ttbar;1;112288;1.74766;b,331927,147558,-1.44969,-1.76399;m-,30000,20500,2,0.5;\n"


def plain_batch(text: bytes) -> EventBatch:
    """What the reader must give for clean text in MeV, a line at a time."""
    rows = [line.removesuffix(";").split(";") for line in text.decode().split("\n")[:-1]]
    objects = [thing.split(",") for row in rows for thing in row[5:]]
    header, momenta = zip(*(row[:5] for row in rows), strict=True), zip(*objects, strict=True)
    event_id, process, weight, met, met_phi = map(list, header)
    symbols, E, pt, eta, phi = map(list, momenta) if objects else [[]] * 5
    processes = tuple(dict.fromkeys(process))
    types = [SYMBOLS.index(SYMBOL_ALIASES.get(symbol, symbol)) for symbol in symbols]
    return EventBatch(
        processes=processes,
        process_index=np.array([processes.index(name) for name in process], np.int32),
        event_id=np.array(event_id, np.int64),
        weight=np.array(weight, np.float64).astype(np.float32),
        met=(np.array(met, np.float64) / 1000).astype(np.float32),
        met_phi=np.array(met_phi, np.float64).astype(np.float32),
        offsets=np.cumsum([0, *(len(row) - 5 for row in rows)]).astype(np.int32),
        type=np.array(types, np.int8),
        E=(np.array(E, np.float64) / 1000).astype(np.float32),
        pt=(np.array(pt, np.float64) / 1000).astype(np.float32),
        eta=np.array(eta, np.float64).astype(np.float32),
        phi=np.array(phi, np.float64).astype(np.float32),
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file for each test to write anew."""
    return tmp_path_factory.mktemp("events") / "ttbar_10fb.csv"


def read(path: Path, text: bytes, batch_bytes: int = 1 << 20) -> EventBatch:
    path.write_bytes(text)
    return concatenate(list(read_darkmachines(path, batch_bytes=batch_bytes)))


@given(batch=event_batches().filter(len))
def test_events_are_those_of_a_plain_reader(path: Path, batch: EventBatch) -> None:
    text = encode_darkmachines(batch)
    assert_same_events(read(path, text), plain_batch(text))


@given(batch=event_batches().filter(len))
def test_text_survives_reading_and_writing(path: Path, batch: EventBatch) -> None:
    text = encode_darkmachines(batch)
    assert encode_darkmachines(read(path, text)) == text


@given(batch=event_batches().filter(len), batch_bytes=st.integers(1, 400))
def test_batches_do_not_change_the_events(path: Path, batch: EventBatch, batch_bytes: int) -> None:
    text = encode_darkmachines(batch)
    assert encode_darkmachines(read(path, text, batch_bytes)) == text


@given(
    batch=event_batches().filter(len), blanks=st.lists(st.text(" \t\r", max_size=3), min_size=2, max_size=20)
)
def test_blanks_around_fields_have_no_meaning(path: Path, batch: EventBatch, blanks: list[str]) -> None:
    text = encode_darkmachines(batch).decode()
    more = cycle(blanks)
    spaced = re.sub("[,;\n]", lambda mark: f"{next(more)}{mark[0]}{next(more)}", text)
    # What the last newline is followed by would be a line of its own.
    assert encode_darkmachines(read(path, spaced.rstrip(" \t\r").encode())).decode() == text


NUMBERS = st.builds(
    lambda value, digits, style: f"{value:.{digits}{style}}",
    st.floats(-1e38, 1e38) | st.floats(-1e6, 1e6),
    st.integers(0, 25),
    st.sampled_from("efgE"),
) | st.from_regex(r"\A-?([0-9]{1,25}\.?[0-9]{0,25}|\.[0-9]{1,25})([eE][+-]?[0-9]{1,5})?\Z")


@settings(max_examples=300)
@given(numbers=st.lists(NUMBERS.filter(lambda text: abs(float(text)) < 1e38), min_size=1))
def test_numbers_are_read_as_python_reads_them(path: Path, numbers: list[str]) -> None:
    batch = read(path, "".join(f"1;ttbar;{number};0;0;\n" for number in numbers).encode())
    assert (
        batch.weight.tobytes() == np.array([float(number) for number in numbers]).astype(np.float32).tobytes()
    )


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_event_ids_have_64_bits(path: Path, event_ids: list[int]) -> None:
    text = "".join(f"{event_id};ttbar;1;0;0;\n" for event_id in event_ids).encode()
    assert read(path, text).event_id.tolist() == event_ids


def plain_bad_lines(text: bytes) -> tuple[bytes, list[int]]:
    """The clean lines of a text, and the numbers of the others."""
    clean, bad = b"", []
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        try:
            clean += clean_line(line)
        except ValueError:
            bad.append(number)
    return clean, bad


@settings(max_examples=150)
@given(
    batch=event_batches().filter(len),
    damage=st.lists(st.tuples(st.floats(0, 1), st.sampled_from(b";,\n j9-+.exnu\t\xff")), max_size=4),
    batch_bytes=st.sampled_from([50, 1 << 20]),
)
def test_damage_is_seen_the_same_in_blocks_and_in_lines(
    path: Path, batch: EventBatch, damage: list[tuple[float, int]], batch_bytes: int
) -> None:
    text = bytearray(encode_darkmachines(batch))
    for where, byte in damage:
        text[int(where * (len(text) - 1))] = byte
    path.write_bytes(text)
    errors: list[BadLineError] = []
    batches = list(read_darkmachines(path, on_bad_line=errors.append, batch_bytes=batch_bytes))
    clean, bad = plain_bad_lines(bytes(text))
    assert [error.line for error in errors] == bad
    if clean:
        assert_same_events(concatenate(batches), plain_batch(clean))
    else:
        assert not batches


@pytest.mark.skipif(not REAL_FILES, reason="the real Dark Machines files are not beside the project")
@pytest.mark.parametrize("real", REAL_FILES, ids=lambda real: real.name)
def test_real_files_are_rewritten_byte_for_byte(real: Path) -> None:
    written = b"".join(map(encode_darkmachines, read_darkmachines(real)))
    original = real.read_bytes()
    if real.name == "examples.csv":
        # Printed in publications: with a blank, and without the last semicolon.
        original = original.replace(b" ", b"").replace(b";\n", b"\n").replace(b"\n", b";\n")
    assert written == original


@pytest.mark.parametrize(
    "variant",
    [
        LINE.replace(b"\n", b"\r\n"),
        LINE.replace(b";\n", b"\n"),
        LINE.replace(b";\n", b"; \n"),
        LINE.replace(b";m-", b"; m-"),
        LINE.replace(b",", b"\t,  "),
        LINE.replace(b"m-", b"mu-"),
        LINE.replace(b"94;", b"+094;").replace(b",2,", b",+2.,").replace(b"0.5", b".5E0"),
    ],
)
def test_variants_of_a_line_are_accepted(path: Path, variant: bytes) -> None:
    assert encode_darkmachines(read(path, LINE * 30 + variant + LINE)) == LINE * 32


def test_units_of_the_file(path: Path) -> None:
    in_mev = read(path, LINE)
    path.write_bytes(encode_darkmachines(in_mev, "GeV"))
    assert_same_events(concatenate(list(read_darkmachines(path, unit="GeV"))), in_mev)


BAD_LINES = {
    b"": "only 0 fields, where an event begins event ID;process ID;weight;MET;METphi",
    b"94;ttbar;1;112288;": "only 4 fields",
    b"94.5;ttbar;1;2;3;": "event ID '94.5' is not a 64-bit integer",
    b"0x10;ttbar;1;2;3;": "event ID '0x10' is not a 64-bit integer",
    b"9223372036854775808;ttbar;1;2;3;": "is not a 64-bit integer",
    b"94;;1;2;3;": "the process ID is empty",
    b"94;t,tbar;1;2;3;": "process ID 't,tbar' has a comma",
    b"94;t\xfftbar;1;2;3;": "byte 5 is not UTF-8 text",
    b"94;ttbar;one;2;3;": "weight 'one' is not a number",
    b"94;ttbar;1;nan;3;": "MET 'nan' is not a number",
    b"94;ttbar;1;2;-inf;": "METphi '-inf' is not a number",
    b"94;ttbar;1;1e39;3;": "MET '1e39' is beyond single precision",
    b"94;ttbar;1;2;3;j,1,2,3": r"object 1 \(j,1,2,3\): 4 values, not the 5 of symbol,E,pt,eta,phi",
    b"94;ttbar;1;2;3;j,1,2,3,4,5;": "object 1 .*: 6 values",
    b"94;ttbar;1;2;3;j,1,2,3,4;tau,1,2,3,4;": "object 2 .*: symbol 'tau' is none of j b e- e",
    b"94;ttbar;1;2;3;jj,1,2,3,4;": "symbol 'jj'",
    b"94;ttbar;1;2;3;b-,1,2,3,4;": "symbol 'b-'",
    b"94;ttbar;1;2;3;mu--,1,2,3,4;": "symbol 'mu--'",
    b"94;ttbar;1;2;3;j,1,,3,4;": "pt '' is not a number",
    b"94;ttbar;1;2;3;j,1,1_0,3,4;": "pt '1_0' is not a number",
    b"94;ttbar;1;2;3;j,1,2,3,4;;": "object 2 .*: 1 values",
}


@pytest.mark.parametrize(("bad", "reason"), BAD_LINES.items(), ids=str)
def test_a_bad_line_is_told_by_file_number_and_reason(path: Path, bad: bytes, reason: str) -> None:
    with pytest.raises(BadLineError, match=reason) as caught:
        read(path, LINE * 40 + bad + b"\n" + LINE * 40)
    assert caught.value.line == 41
    assert str(caught.value).startswith(f"{path}, line 41: ")


@pytest.mark.parametrize("end", [b"94;ttbar;1;11", LINE[:-20], LINE[:-1]])
def test_a_last_line_without_a_newline_is_an_error(path: Path, end: bytes) -> None:
    with pytest.raises(BadLineError, match="line 3: the last line has no newline at its end"):
        read(path, LINE * 2 + end)


def test_skipped_lines_are_reported_and_the_others_read(path: Path) -> None:
    rng = np.random.default_rng(3)
    bad = sorted(rng.choice(500, 20, replace=False).tolist())
    path.write_bytes(b"".join(b"bad\n" if i in bad else b"%d;ttbar;1;2;3;\n" % i for i in range(500)))
    errors: list[BadLineError] = []
    read_ = concatenate(list(read_darkmachines(path, on_bad_line=errors.append, batch_bytes=1000)))
    assert [error.line - 1 for error in errors] == bad
    assert read_.event_id.tolist() == [i for i in range(500) if i not in bad]


def test_a_file_of_bad_lines_alone_has_no_batches(path: Path) -> None:
    path.write_bytes(b"bad\n" * 100)
    assert list(read_darkmachines(path, on_bad_line=lambda _: None)) == []


def test_compressed_files_are_read(path: Path) -> None:
    compressed = path.with_suffix(".csv.gz")
    compressed.write_bytes(gzip.compress(LINE * 3))
    assert b"".join(map(encode_darkmachines, read_darkmachines(compressed))) == LINE * 3
    compressed.write_bytes(gzip.compress(LINE * 3)[:-12])
    with pytest.raises(EventFileError, match="cut short or damaged"):
        list(read_darkmachines(compressed))


def test_a_file_without_lines_is_refused_without_reading_it_whole(path: Path) -> None:
    path.write_bytes(b"1" * (4 << 20))
    with pytest.raises(EventFileError, match="longer than 1 MiB"):
        list(read_darkmachines(path))
