"""Blocks of events from the graphs of one artefact.

A block is the unit of work: a fixed number of events, always generated whole, whose random numbers come from
addresses of its own. The order of generation, the thread and the request play no part in its content.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import OBJECT_FLOATS, EventBatch, Ints, concatenate
from events.objects import N_OBJECT_TYPES, SYMBOLS
from events.selection import valid_events
from models.manifest import Manifest
from models.shelf import Artefact
from service.addresses import AddressSpace, Stream
from service.runtime import Device, LoadedGraph, Noise, OutputError, load_graph

Validity: TypeAlias = Literal["valid", "all"]
Columns: TypeAlias = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive events of a data set.

    Attributes:
        events: The events; their IDs are their indices in the data set.
        n_generated: Events whose first attempt was made for this block.
        n_invalid: How many of those attempts failed the selection criteria.
    """

    events: EventBatch
    n_generated: int
    n_invalid: int

    def slice(self, start: int, stop: int) -> "Block":
        """The same block with only its events start to stop - 1."""
        return Block(self.events.slice(start, stop), self.n_generated, self.n_invalid)


class EventGenerator(Protocol):
    """Anything that makes blocks of events; safe to use from several threads."""

    @property
    def manifest(self) -> Manifest:
        """The model that makes them."""

    def block(self, seed: int, index: int, validity: Validity) -> Block:
        """All `Manifest.block_events` events of block `index`, a pure function of its arguments."""


@dataclass(frozen=True, slots=True)
class IndependentObjects:
    """Numbers of objects, MET and every object drawn independently (thesis, section 7.5: Experiment II).

    Attributes:
        manifest: The model.
        graphs: Its graphs by their names in `Manifest.graphs`.
        max_attempts: Attempts at a valid event. A model that needs more cannot make the event at all.
    """

    manifest: Manifest
    graphs: Mapping[str, LoadedGraph]
    max_attempts: int = 1000

    @property
    def _name(self) -> str:
        return f"{self.manifest.process}/{self.manifest.model}"

    def block(self, seed: int, index: int, validity: Validity) -> Block:
        """The events of block `index`.

        With validity ``valid``, an event that fails the selection criteria keeps its numbers of objects and
        its kinematics are drawn again until it passes; with ``all`` the first attempt stands.

        Raises:
            OutputError: If the model gives what no event can be made of, or never makes an event valid.
        """
        space = AddressSpace.of(self.manifest, seed)
        n = self.manifest.block_events
        masks = self._masks(space, index)
        first = self._events(index * n + np.arange(n), masks, self._first_noise(space, index, masks))
        failed = np.flatnonzero(~valid_events(first))
        events = self._redrawn(space, first, masks, failed) if validity == "valid" else first
        return Block(events, n, failed.size)

    def _masks(self, space: AddressSpace, index: int) -> Ints:
        shape = (self.manifest.block_events, self._width("masks"))
        uniform = space.generator(Stream.MASKS, index).random(shape, np.float32)
        masks: Ints = self._run("masks", uniform)["mask"]
        if masks.shape[1:] != (N_OBJECT_TYPES,) or masks.min() < 0:
            raise OutputError(f"{self._name}: an event needs {N_OBJECT_TYPES} object counts, none negative")
        if masks.sum(axis=1).max() > self.manifest.max_objects:
            raise OutputError(f"{self._name}: an event has more than {self.manifest.max_objects} objects")
        for symbol, total in zip(SYMBOLS, masks.sum(axis=0), strict=True):
            if total and symbol not in self.graphs:
                raise OutputError(f"{self._name}: an event has objects of type {symbol}, which has no graph")
        return masks

    def _width(self, name: str) -> int:
        return self.manifest.graphs[name].noise.width

    def _run(self, name: str, noise: Noise) -> Columns:
        return self.graphs[name]({self.manifest.graphs[name].noise.name: noise})

    def _first_noise(self, space: AddressSpace, index: int, masks: Ints) -> dict[str, Noise]:
        """Noise by graph for a whole block: one stream for MET and one for each object type."""
        streams: dict[str, tuple[int, int]] = {"event": (Stream.EVENT, len(masks))}
        for type_, total in enumerate(masks.sum(axis=0)):
            if total:
                streams[SYMBOLS[type_]] = (Stream.OBJECTS + type_, int(total))
        return {
            name: space.generator(stream, index).standard_normal((rows, self._width(name)), np.float32)
            for name, (stream, rows) in streams.items()
        }

    def _later_noise(self, space: AddressSpace, ids: Ints, masks: Ints, attempt: int) -> dict[str, Noise]:
        """Noise by graph for single events: one stream an event, a row for MET, then one for each object."""
        names = ("event", *SYMBOLS)
        rows = np.concatenate((np.ones((len(ids), 1), np.int64), masks), axis=1)
        width = max(self._width(name) for name in self.graphs if name != "masks")
        # A loop over events, as the generators of different addresses share nothing to vectorise over; only
        # the few events that failed come here.
        randoms = space.generators(Stream.REDRAW, ids.tolist(), attempt)
        shapes = [(count, width) for count in rows.sum(axis=1).tolist()]
        noise = np.concatenate(
            [random.standard_normal(shape, np.float32) for random, shape in zip(randoms, shapes, strict=True)]
        )
        role = np.repeat(np.tile(np.arange(len(names)), len(ids)), rows.ravel())
        chosen = {name: noise[role == number] for number, name in enumerate(names)}
        return {name: values[:, : self._width(name)] for name, values in chosen.items() if len(values)}

    def _redrawn(self, space: AddressSpace, first: EventBatch, masks: Ints, failed: Ints) -> EventBatch:
        done = [first.take(np.setdiff1d(np.arange(len(first)), failed))]
        for attempt in range(1, self.max_attempts + 1):
            if not failed.size:
                events = concatenate(done)
                return events.take(np.argsort(events.event_id))
            ids = first.event_id[failed]
            again = self._events(ids, masks[failed], self._later_noise(space, ids, masks[failed], attempt))
            valid = valid_events(again)
            done.append(again.take(valid))
            failed = failed[~valid]
        raise OutputError(
            f"{self._name}: event {first.event_id[failed[0]]} with "
            f"{masks[failed[0]].tolist()} objects failed the selection criteria {self.max_attempts} times"
        )

    def _events(self, ids: Ints, masks: Ints, noise: Mapping[str, Noise]) -> EventBatch:
        columns = {name: self._run(name, rows) for name, rows in noise.items()}
        return _assemble(self.manifest.process, ids, masks, columns)


def _assemble(process: str, ids: Ints, masks: Ints, columns: Mapping[str, Columns]) -> EventBatch:
    """An event batch from the outputs of the graphs, whose objects are in order of type, then event."""
    n = len(ids)
    event = np.repeat(np.tile(np.arange(n, dtype=np.uint16), N_OBJECT_TYPES), masks.T.ravel())
    order = np.argsort(event, kind="stable")
    type_ = np.repeat(np.arange(N_OBJECT_TYPES, dtype=np.int8), masks.sum(axis=0))
    none = dict.fromkeys(OBJECT_FLOATS, np.empty(0, np.float32))
    by_type = [columns.get(symbol, none) for symbol in SYMBOLS]
    return EventBatch(
        processes=(process,),
        process_index=np.zeros(n, np.int32),
        event_id=ids,
        weight=np.ones(n, np.float32),
        offsets=np.concatenate(([0], np.cumsum(masks.sum(axis=1)))).astype(np.int32),
        type=type_[order],
        **columns["event"],
        **{name: np.concatenate([part[name] for part in by_type])[order] for name in OBJECT_FLOATS},
    ).sort_objects()


def open_generator(artefact: Artefact, device: Device = "cpu") -> EventGenerator:
    """Load the graphs of an artefact.

    Raises:
        ArtefactError: If a file is not what the manifest says.
        DeviceError: If the device cannot be used.
    """
    graphs = {
        name: load_graph(artefact.path(graph), graph, device)
        for name, graph in artefact.manifest.graphs.items()
    }
    return IndependentObjects(artefact.manifest, graphs)
