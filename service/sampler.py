"""Slices of a model's endless data set."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from events.batch import EventBatch, concatenate
from models.graphs import AcceptanceGraph, AnyGraph, EventsGraph
from models.manifest import IndependentObjectsManifest, Manifest, RefinedEventsManifest
from models.shelf import Artefact
from service.addresses import INDEX_LIMIT, AddressSpace
from service.generator import Block, EventGenerator, Validity, model_name
from service.independent_objects import IndependentObjects
from service.runtime import CPU_ROWS, Device, load_graph
from service.whole_events import WholeEvents, cell_ends


@dataclass(frozen=True, slots=True)
class DatasetSlice:
    """Consecutive events of one of a model's data sets.

    Attributes:
        generator: What makes the blocks that the slice is cut from.
        n: Number of events.
        seed: Seed of the data set, in [0, 2**64).
        offset: Index of the first event.
        validity: ``valid`` for events that pass the selection criteria and that a refined model accepts;
            ``weighted`` for all that pass, the probability of acceptance being their weight; ``all`` for the
            model's raw output.

    Raises:
        ValueError: If `n`, `seed` or `offset` are out of range, or the model gives no weights.
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
        manifest = self.generator.manifest
        if self.validity == "weighted" and not isinstance(manifest, RefinedEventsManifest):
            raise ValueError(
                f"{model_name(manifest)} gives no weights: only refined models do; "
                "choose one of these, or validity=valid"
            )
        AddressSpace.of(manifest, self.seed)

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
        start, stop = self.offset, self.generator.first_stop(*divmod(self.offset, size))
        while start < end:
            index, first = start // size, start % size
            stop = min(stop, size, first + end - start)
            yield partial(self.generator.block, self.seed, index, self.validity, first, stop)
            start, stop = index * size + stop, size


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
            name: load_graph(artefact.path(graph), graph, _device(graph, device), _cpu_rows(manifest, graph))
            for name, graph in manifest.graphs.items()
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


def _cpu_rows(manifest: Manifest, graph: AnyGraph) -> tuple[int, ...]:
    """Rows that a run may have on a CPU: a cell of whole events is one run, and so are those drawn again."""
    if not isinstance(graph, EventsGraph | AcceptanceGraph):
        return CPU_ROWS
    refined = isinstance(manifest, RefinedEventsManifest)
    ends = (cell_ends(index, manifest.block_events, refined=refined) for index in (0, 1))
    cells = {stop - start for block in ends for start, stop in pairwise(block)}
    return tuple(sorted(cells | set(CPU_ROWS if refined else CPU_ROWS[:1])))


def _device(graph: AnyGraph, device: Device) -> Device:
    """Where a graph runs: trees, of which an acceptance is made, run on no GPU of the runtime."""
    return "cpu" if isinstance(graph, AcceptanceGraph) else device
