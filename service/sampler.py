"""Slices of a model's endless data set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from events.batch import EventBatch, concatenate
from models.manifest import IndependentObjectsManifest, Manifest
from models.shelf import Artefact
from service.addresses import INDEX_LIMIT, AddressSpace
from service.generator import Block, EventGenerator, Validity
from service.independent_objects import IndependentObjects
from service.runtime import Device, load_graph
from service.whole_events import WholeEvents

FIRST_EVENTS: Final = 512
"""Events of the first task of a slice: fewer than a block has, so that its first bytes come soon."""


@dataclass(frozen=True, slots=True)
class DatasetSlice:
    """Consecutive events of one of a model's data sets.

    Attributes:
        generator: What makes the blocks that the slice is cut from.
        n: Number of events.
        seed: Seed of the data set, in [0, 2**64).
        offset: Index of the first event.
        validity: ``valid`` for events that pass the selection criteria, ``all`` for the model's raw output.

    Raises:
        ValueError: If `n`, `seed` or `offset` are out of range.
    """

    generator: EventGenerator
    n: int
    seed: int
    offset: int
    validity: Validity

    def __post_init__(self) -> None:
        if self.n < 1 or self.offset < 0 or self.offset + self.n > INDEX_LIMIT:
            raise ValueError(
                f"n must be positive and offset in 0..{INDEX_LIMIT} - n, not {self.n} and {self.offset}"
            )
        AddressSpace.of(self.generator.manifest, self.seed)

    @property
    def provenance(self) -> dict[str, str]:
        """What names the events exactly, as text."""
        manifest = self.generator.manifest
        return {
            "process": manifest.process,
            "model": manifest.model,
            "model_version": manifest.version,
            "model_digest": manifest.digest,
            "seed": str(self.seed),
            "offset": str(self.offset),
            "num_events": str(self.n),
            "validity": self.validity,
        }

    def tasks(self) -> Iterator[Callable[[], Block]]:
        """The work: calls that each give the next part of the slice, in any thread and in any order."""
        size, end = self.generator.manifest.block_events, self.offset + self.n
        start, stop = self.offset, self.offset + FIRST_EVENTS
        while start < end:
            index = start // size
            first, stop = index * size, min(stop, (index + 1) * size, end)
            yield partial(self.generator.block, self.seed, index, self.validity, start - first, stop - first)
            start, stop = stop, end


@dataclass(frozen=True, slots=True)
class Sampler:
    """Events of one model by index: what is served is what this gives.

    Attributes:
        generator: What makes the events.
    """

    generator: EventGenerator

    @classmethod
    def open(cls, artefact: Artefact, device: Device = "cpu") -> "Sampler":
        """The sampler of a model on disk.

        Raises:
            ArtefactError: If a file is not what the manifest says.
            DeviceError: If the device cannot be used.
        """
        manifest = artefact.manifest
        graphs = {
            name: load_graph(artefact.path(graph), graph, device) for name, graph in manifest.graphs.items()
        }
        if isinstance(manifest, IndependentObjectsManifest):
            return cls(IndependentObjects(manifest, graphs))
        return cls(WholeEvents(manifest, graphs))

    @property
    def manifest(self) -> Manifest:
        """The model that is sampled."""
        return self.generator.manifest

    def slice(self, n: int, seed: int, offset: int = 0, validity: Validity = "valid") -> DatasetSlice:
        """Events `offset` to ``offset + n - 1`` of a data set; arguments as for `DatasetSlice`."""
        return DatasetSlice(self.generator, n, seed, offset, validity)

    def sample(self, n: int, seed: int, offset: int = 0, validity: Validity = "valid") -> EventBatch:
        """The events of a slice in one batch."""
        return concatenate([task().events for task in self.slice(n, seed, offset, validity).tasks()])
