import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from events.batch import EventBatch
from events.files import read_events, write_events
from events.objects import SYMBOLS
from tests.support.synthetic import synthetic_events
from training.data.cache import build_tables
from training.data.reading import read_split
from training.data.split import Split, SplitFractions
from training.data.tables import (
    EVENT_COLUMN,
    EVENT_TABLE,
    MASK_COLUMNS,
    OBJECT_FEATURES,
    RANK_COLUMN,
    PerTypeTables,
    read_masks,
)

FRACTIONS = SplitFractions(0.6, 0.2)
N = 3000


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "events.csv"
    write_events(path, [synthetic_events(N, seed=4)])
    return path


def whole(path: Path, split: Split) -> list[EventBatch]:
    return list(read_split([path], split, FRACTIONS))


def test_each_table_holds_the_objects_of_its_type(tmp_path: Path, source: Path) -> None:
    tables = build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    for split in (Split.TRAIN, Split.VALIDATION):
        (batch,) = whole(source, split)
        for type_, symbol in enumerate(SYMBOLS):
            if tables.rows[split][symbol]:
                table = pq.read_table(tables.path(split, symbol))
                for name in OBJECT_FEATURES:
                    expected = getattr(batch, name)[batch.type == type_]
                    assert np.array_equal(table[name].to_numpy(), expected)


def test_the_event_table_holds_met_and_masks(tmp_path: Path, source: Path) -> None:
    tables = build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    (batch,) = whole(source, Split.TRAIN)
    table = pq.read_table(tables.path(Split.TRAIN, EVENT_TABLE))
    assert np.array_equal(table["met"].to_numpy(), batch.met)
    assert np.array_equal(read_masks(tables), batch.masks())
    assert table.column_names[2:] == list(MASK_COLUMNS)


def test_objects_know_their_event_and_their_place_in_it(tmp_path: Path, source: Path) -> None:
    tables = build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    met = pq.read_table(tables.path(Split.TRAIN, EVENT_TABLE))["met"].to_numpy()
    jets = pq.read_table(tables.path(Split.TRAIN, "j"))
    event, rank, pt = (jets[name].to_numpy() for name in (EVENT_COLUMN, RANK_COLUMN, "pt"))
    assert np.array_equal(met[event], jets["met"].to_numpy())
    same = event[1:] == event[:-1]
    assert np.array_equal(rank[1:][same], rank[:-1][same] + 1)
    assert (rank[1:][~same] == 0).all()
    assert (pt[1:][same] <= pt[:-1][same]).all()


def test_events_of_all_splits_are_counted(tmp_path: Path, source: Path) -> None:
    tables = build_tables([source, source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    assert sum(tables.events.values()) == 2 * N
    assert tables.rows[Split.TRAIN][EVENT_TABLE] == tables.events[Split.TRAIN]


def test_further_files_may_be_trained_on_as_a_whole(tmp_path: Path, source: Path) -> None:
    more = tmp_path / "more.csv"
    write_events(more, [synthetic_events(500, seed=5)])
    fractions = SplitFractions(0.6, 0.2, split_files=1)
    tables = build_tables([source, more], tmp_path / "cache", fractions, PerTypeTables(), progress=False)
    alone = build_tables([source], tmp_path / "cache", fractions, PerTypeTables(), progress=False)
    assert tables.events == alone.events | {"train": alone.events["train"] + 500}
    read = sum(map(len, read_split([source, more], Split.TRAIN, fractions)))
    assert read == tables.events["train"]


def test_splits_share_no_event(source: Path) -> None:
    ids = [batch.event_id for split in Split for batch in whole(source, split)]
    assert sorted(np.concatenate(ids).tolist()) == sorted(
        np.concatenate([batch.event_id for batch in read_events(source)]).tolist()
    )


def test_unchanged_files_are_not_read_again(tmp_path: Path, source: Path) -> None:
    first = build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    marker = first.folder / "marker"
    marker.touch()
    assert build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False) == first
    assert marker.exists()


def test_changed_files_are_read_again(tmp_path: Path, source: Path) -> None:
    first = build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    write_events(source, [synthetic_events(N + 1, seed=4)])
    second = build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    assert second.folder != first.folder
    assert sum(second.events.values()) == N + 1


def test_a_failed_reading_leaves_no_tables(tmp_path: Path, source: Path) -> None:
    with source.open("a") as file:
        file.write("this is no event\n")
    with pytest.raises(ValueError, match=f"{N + 1}"):
        build_tables([source], tmp_path / "cache", FRACTIONS, PerTypeTables(), progress=False)
    assert not list((tmp_path / "cache").glob("*/summary.json"))


_FIVE_MILLION = """
import sys
from pathlib import Path

from events.files import write_events
from tests.support.memory import peak_mib
from tests.support.synthetic import synthetic_events
from training.data.circular import CircularRows
from training.data.split import Split, SplitFractions
from training.data.cache import build_tables
from training.data.tables import OBJECT_FEATURES, PerTypeTables

folder = Path(sys.argv[1])
block = folder / "block.csv"
write_events(block, [synthetic_events(100_000, seed=1, mean_objects=1.2)])
text = block.read_bytes()
with (folder / "large.csv").open("wb") as file:
    for _ in range(50):
        file.write(text)
fractions = SplitFractions(0.9, 0.05)
before = peak_mib()
tables = build_tables([folder / "large.csv"], folder / "cache", fractions, PerTypeTables(), progress=False)
rows = CircularRows(
    [tables.path(Split.TRAIN, "j")], OBJECT_FEATURES, lambda values: values, batch_size=100, seed=1
)
for i in range(0, len(rows), 97):
    rows[i]
print(sum(tables.events.values()), len(rows), peak_mib() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the memory of a process")
def test_five_million_events_are_read_in_256_mib(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _FIVE_MILLION, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    # Beyond what libraries take, whose pages are mapped or not as the machine has room.
    events, batches, more_mib = map(int, done.stdout.split())
    assert events == 5_000_000
    assert batches > 10_000
    assert more_mib < 256
