import numpy as np
import pytest

from training.autoregressive.strata import StratifiedRows, shared_out

ROWS = np.arange(1000, dtype=np.float32)[:, None]
STRATUM = np.repeat([0, 1, 3], [600, 350, 50])


def rows(seed: int = 1) -> StratifiedRows:
    return StratifiedRows(ROWS, STRATUM, batch_size=100, seed=seed)


def test_each_batch_holds_each_stratum_in_its_place() -> None:
    batches = rows()
    assert batches.sizes == (60, 35, 0, 5)
    strata = STRATUM[batches.rows(0, 1000).astype(np.int64).ravel()].reshape(10, 100)
    assert np.all(strata == np.repeat([0, 1, 2, 3], batches.sizes))


def test_an_epoch_has_each_row_once() -> None:
    assert sorted(rows().rows(0, 1000).ravel().tolist()) == ROWS.ravel().tolist()


def test_beyond_the_end_an_epoch_begins_again() -> None:
    batches = rows()
    np.testing.assert_array_equal(batches.rows(1000, 1200), batches.rows(0, 200))


def test_epochs_have_orders_of_their_own_that_a_resumed_training_finds_again() -> None:
    batches, resumed = rows(), rows()
    first = batches.rows(0, 300)
    batches.on_epoch_end()
    assert not np.array_equal(batches.rows(0, 300), first)
    resumed.begin(1)
    np.testing.assert_array_equal(resumed.rows(200, 300), batches.rows(200, 300))
    assert not np.array_equal(rows(seed=2).rows(0, 300), first)


@pytest.mark.parametrize("counts", [(1, 1, 1), (10, 0, 5), (997, 2, 1)])
def test_a_total_is_shared_out_without_rest(counts: tuple[int, ...]) -> None:
    shares = shared_out(64, counts)
    assert sum(shares) == 64
    assert np.all(np.abs(np.array(shares) - 64 * np.array(counts) / sum(counts)) < 1)
