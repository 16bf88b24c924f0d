"""Batches with the same numbers of small and large events each, so that none is padded to the largest."""

import math
from collections.abc import Sequence

import numpy as np

from events.batch import Floats, Ints


class StratifiedRows:
    """Rows in memory, drawn so that a batch holds a fixed number of rows of each stratum, stratum by stratum.

    Batch i of epoch e is always the same. A stratum's rows come in an order of the epoch's own and, where the
    epoch is longer than they last, again from the first.

    Args:
        rows: float32[n, features].
        stratum: Of each row, from 0, int64[n].
        batch_size: Rows of a batch.
        seed: Of the order of rows.
    """

    def __init__(self, rows: Floats, stratum: Ints, *, batch_size: int, seed: int) -> None:
        members = [np.flatnonzero(stratum == each) for each in range(int(stratum.max()) + 1)]
        self.sizes = shared_out(batch_size, [len(each) for each in members])
        self._rows = rows
        self._members = members
        self._batch_size = batch_size
        self._seed = seed
        self.begin(0)

    def __len__(self) -> int:
        return math.ceil(len(self._rows) / self._batch_size)

    def rows(self, start: int, stop: int) -> Floats:
        """Rows start to stop - 1 of this epoch, both multiples of the batch size, counted on past the end."""
        batches = np.arange(start, stop, self._batch_size) // self._batch_size
        places = [
            order[(batches[:, None] * size + np.arange(size)) % len(order)]
            for order, size in zip(self._orders, self.sizes, strict=True)
            if size
        ]
        rows: Floats = self._rows[np.concatenate(places, axis=1).ravel()]
        return rows

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""
        self.begin(self._epoch + 1)

    def begin(self, epoch: int) -> None:
        """Go to an epoch's order, as when a training is resumed."""
        self._epoch = epoch
        rng = np.random.default_rng([self._seed, epoch])
        self._orders = [rng.permutation(each) for each in self._members]


def shared_out(total: int, counts: Sequence[int]) -> tuple[int, ...]:
    """A total in whole shares as near as can be to proportional to counts, by largest remainder."""
    exact = np.array(counts) * total / sum(counts)
    shares = np.floor(exact).astype(np.int64)
    largest = np.argsort(-(exact - shares), kind="stable")[: total - int(shares.sum())]
    shares[largest] += 1
    return tuple(shares.tolist())
