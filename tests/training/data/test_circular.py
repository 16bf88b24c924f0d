from pathlib import Path

import numpy as np
import pytest

from events.batch import Floats
from tests.support.vae import FEATURES, jets, write_rows
from training.data.circular import CircularRows


def as_they_are(rows: Floats) -> Floats:
    return rows


def open_rows(paths: list[Path], *, seed: int = 1, epoch: int = 0) -> CircularRows:
    return CircularRows(paths, FEATURES, as_they_are, batch_size=64, seed=seed, epoch=epoch)


def in_order(rows: Floats) -> list[list[float]]:
    return sorted(rows.tolist())


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    rows = jets(1000)
    return [write_rows(tmp_path / "a.parquet", rows[:777]), write_rows(tmp_path / "b.parquet", rows[777:])]


def test_one_turn_gives_every_row_of_every_file_once(paths: list[Path]) -> None:
    assert in_order(open_rows(paths).rows(0, 1000)) == in_order(jets(1000))


def test_at_the_end_of_the_last_file_it_goes_on_with_the_first(paths: list[Path]) -> None:
    rows = open_rows(paths)
    assert np.array_equal(
        rows.rows(990, 2020), np.concatenate([rows.rows(990, 1000), rows.rows(0, 1000), rows.rows(0, 20)])
    )


def test_batches_are_full_and_cover_an_epoch(paths: list[Path]) -> None:
    rows = open_rows(paths)
    batches = [rows[i][0] for i in range(len(rows))]
    assert {batch.shape for batch in batches} == {(64, 4)}
    assert in_order(np.concatenate(batches)[:1000]) == in_order(jets(1000))


def test_a_table_smaller_than_a_batch_is_repeated(tmp_path: Path) -> None:
    rows = open_rows([write_rows(tmp_path / "few.parquet", jets(3))])
    assert len(rows) == 1
    assert np.array_equal(rows[0][0][:3], rows[0][0][3:6])


def test_epochs_differ_in_order_only(paths: list[Path]) -> None:
    rows = open_rows(paths)
    first = rows.rows(0, 1000)
    rows.on_epoch_end()
    second = rows.rows(0, 1000)
    assert not np.array_equal(first, second)
    assert in_order(first) == in_order(second)


def test_an_epoch_can_be_entered_directly(paths: list[Path]) -> None:
    rows = open_rows(paths)
    rows.on_epoch_end()
    assert np.array_equal(rows.rows(0, 1000), open_rows(paths, epoch=1).rows(0, 1000))


def test_the_seed_decides_the_order(paths: list[Path]) -> None:
    assert np.array_equal(open_rows(paths).rows(0, 500), open_rows(paths).rows(0, 500))
    assert not np.array_equal(open_rows(paths).rows(0, 500), open_rows(paths, seed=2).rows(0, 500))


def test_no_rows_is_an_error(tmp_path: Path) -> None:
    path = write_rows(tmp_path / "empty.parquet", jets(0))
    with pytest.raises(ValueError, match="no rows"):
        open_rows([path])
