"""Batches from files of any size, drawn as from a circular array of lines (thesis section 7.1)."""

import math
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import pyarrow.parquet as pq

from events.batch import Floats

_GROUPS_IN_MEMORY = 2


class CircularRows(keras.utils.PyDataset):  # type: ignore[misc] # keras ships no types
    """A Keras dataset over the rows of Parquet tables; at the end of the last file it goes on with the first.

    Only two row groups are in memory at a time. Row groups, and rows within each, come in an order that
    depends on the seed and the epoch alone, so item i of epoch e is always the same batch.

    Args:
        paths: Parquet files with the same columns.
        columns: The features of a row, in order.
        transform: Maps float32[n, f] in physical units to what the network reads.
        batch_size: Rows of a batch. Every batch is full: the last one wraps around.
        seed: Of the order of rows.
        epoch: Where to begin, when a training is resumed.

    Raises:
        ValueError: If the files hold no rows.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        columns: Sequence[str],
        transform: Callable[[Floats], Floats],
        *,
        batch_size: int,
        seed: int,
        epoch: int = 0,
    ) -> None:
        super().__init__(workers=1, use_multiprocessing=False)
        self._files = [pq.ParquetFile(path) for path in paths]
        self._groups = [(f, g) for f, file in enumerate(self._files) for g in range(file.num_row_groups)]
        sizes = [self._files[f].metadata.row_group(g).num_rows for f, g in self._groups]
        if not sum(sizes):
            raise ValueError(f"no rows in {', '.join(map(str, paths))}")
        self._sizes = np.array(sizes)
        self._columns = list(columns)
        self._transform = transform
        self._batch_size = batch_size
        self._seed = seed
        self._loaded: OrderedDict[int, Floats] = OrderedDict()
        self._begin(epoch)

    def __len__(self) -> int:
        return math.ceil(int(self._sizes.sum()) / self._batch_size)

    def __getitem__(self, index: int) -> tuple[Floats]:
        """Batch `index` of this epoch, as a tuple of one float32[batch_size, features]."""
        first = index * self._batch_size
        return (self.rows(first, first + self._batch_size),)

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""
        self._begin(self._epoch + 1)

    def rows(self, start: int, stop: int) -> Floats:
        """Rows start to stop - 1 of this epoch, counted on past the end, float32[stop - start, features]."""
        total = int(self._sizes.sum())
        pieces = []
        while start < stop:
            turn, position = divmod(start, total)
            place = int(np.searchsorted(self._ends, position, side="right"))
            end = min(stop, turn * total + int(self._ends[place]))
            begin = position - (int(self._ends[place]) - int(self._sizes[self._order[place]]))
            pieces.append(self._group(int(self._order[place]))[begin : begin + end - start])
            start = end
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _begin(self, epoch: int) -> None:
        self._epoch = epoch
        self._order = np.random.default_rng([self._seed, epoch]).permutation(len(self._groups))
        self._ends = np.cumsum(self._sizes[self._order])
        self._loaded.clear()

    def _group(self, group: int) -> Floats:
        if group not in self._loaded:
            file, row_group = self._groups[group]
            table = self._files[file].read_row_group(row_group, columns=self._columns)
            rows = self._transform(np.column_stack([column.to_numpy() for column in table.columns]))
            order = np.random.default_rng([self._seed, self._epoch, group]).permutation(len(rows))
            self._loaded[group] = rows[order]
            if len(self._loaded) > _GROUPS_IN_MEMORY:
                self._loaded.popitem(last=False)
        return self._loaded[group]
