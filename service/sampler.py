"""Slices of a model's endless data set."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from events.batch import EventBatch, concatenate
from models.manifest import Manifest
from models.shelf import Artefact
from service.addresses import INDEX_LIMIT
from service.generator import Block, EventGenerator, Validity, open_generator
from service.runtime import Device

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sampler:
    """Events of one model by index: what is served is what this gives.

    Attributes:
        generator: What makes the blocks that slices are cut from.
    """

    generator: EventGenerator

    @classmethod
    def open(cls, artefact: Artefact, device: Device = "cpu") -> "Sampler":
        """The sampler of a model on disk.

        Raises:
            ArtefactError: If a file is not what the manifest says.
            DeviceError: If the device cannot be used.
        """
        return cls(open_generator(artefact, device))

    @property
    def manifest(self) -> Manifest:
        """The model that is sampled."""
        return self.generator.manifest

    def tasks(
        self, n: int, seed: int, offset: int = 0, validity: Validity = "valid"
    ) -> Iterator[Callable[[], Block]]:
        """The work of a slice: calls that each give the next block, in any thread and in any order.

        Args:
            n: Number of events.
            seed: Seed of the data set, in [0, 2**64).
            offset: Index of the first event.
            validity: ``valid`` for events that pass the selection criteria, ``all`` for the raw output.

        Raises:
            ValueError: If `n`, `seed` or `offset` are out of range.
        """
        if n < 1 or offset < 0 or offset + n > INDEX_LIMIT:
            raise ValueError(
                f"n must be positive, offset in 0..{INDEX_LIMIT} - n; not n={n}, offset={offset}"
            )
        size = self.manifest.block_events
        for index in range(offset // size, (offset + n - 1) // size + 1):
            start, stop = max(offset - index * size, 0), min(offset + n - index * size, size)
            yield partial(self._part, seed, index, validity, start, stop)

    def sample(self, n: int, seed: int, offset: int = 0, validity: Validity = "valid") -> EventBatch:
        """Events `offset` to ``offset + n - 1`` in one batch; arguments as for `tasks`."""
        return concatenate([task().events for task in self.tasks(n, seed, offset, validity)])

    def _part(self, seed: int, index: int, validity: Validity, start: int, stop: int) -> Block:
        return self.generator.block(seed, index, validity).slice(start, stop)


def in_order(executor: Executor, tasks: Iterable[Callable[[], T]], ahead: int) -> Generator[Future[T]]:
    """Run tasks side by side and hand out their futures in order.

    At most `ahead` of them are running, queued or done without having been taken, so memory is bounded by the
    pace of the consumer. Closing the iterator cancels what has not begun.
    """
    pending: deque[Future[T]] = deque()
    try:
        for task in tasks:
            pending.append(executor.submit(task))
            if len(pending) == ahead:
                yield pending.popleft()
        while pending:
            yield pending.popleft()
    finally:
        for future in pending:
            future.cancel()
