"""Complete events from one graph."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise, takewhile
from typing import Final

import numpy as np

from events.batch import OBJECT_FLOATS, EventBatch, Ints, concatenate
from events.objects import N_OBJECT_TYPES
from models.graphs import MASK_INPUT, Noise
from models.manifest import EventsManifest
from service.addresses import AddressSpace, Stream
from service.generator import (
    MAX_ATTEMPTS,
    Attempts,
    Block,
    Columns,
    Validity,
    draw_masks,
    finished_block,
    model_name,
)
from service.runtime import LoadedGraph, OutputError

FIRST_CELLS: Final = (256, 768)
"""Events of the cells with which a data set begins: see `cell_ends`."""

FIRST_REFINED_CELLS: Final = (128, 896)
"""Those of refined events: fewer at first, as some are drawn again, and few cost nearly as much as many."""

_TOGETHER: Final = 8
"""Few attempts at an event: each costs as much as any other event, and the second hardly ever fails."""

_TOGETHER_REFINED: Final = 128
"""More where a share of all is thrown away: a run of few events costs little less than one of these."""

_ACCEPTED: Final = Noise(name="accepted", distribution="uniform", width=1)
"""The number that decides whether an event is kept."""


@dataclass(frozen=True, slots=True)
class WholeEvents:
    """MET and all objects of an event drawn together; with a masks graph, for given numbers of objects.

    With an acceptance graph, only such a share of them is kept as it says; the others are drawn again.

    Attributes:
        manifest: The model.
        graphs: Its graphs by their names in `Manifest.graphs`.
        max_attempts: See `MAX_ATTEMPTS`.
    """

    manifest: EventsManifest
    graphs: Mapping[str, LoadedGraph]
    max_attempts: int = MAX_ATTEMPTS

    def first_stop(self, index: int, start: int) -> int:
        """Where the cell of `start` ends, as it is generated whole."""
        return next(end for end in self._cell_ends(index) if end > start)

    def _cell_ends(self, index: int) -> Sequence[int]:
        return cell_ends(index, self.manifest.block_events, refined=self._refines)

    def block(
        self, seed: int, index: int, validity: Validity, start: int = 0, stop: int | None = None
    ) -> Block:
        """Events of block `index`, as `EventGenerator.block` wants them.

        With validity ``valid``, an event that fails the selection criteria or is not accepted is drawn again;
        it keeps its numbers of objects where a masks graph gave them. With ``weighted`` all events are
        accepted, with their acceptances as weights. With ``all`` the first attempt stands.

        Raises:
            OutputError: If the model gives what no event can be made of, or never makes an event valid.
        """
        space = AddressSpace.of(self.manifest, seed)
        n = self.manifest.block_events
        stop = n if stop is None else stop
        masks = self._masks(space, index)
        touched = [slice(a, b) for a, b in pairwise(self._cell_ends(index)) if a < stop and b > start]
        cells = [self._cell(space, index, validity, masks, part) for part in touched]
        events = concatenate([cell.events for cell in cells])
        return Block(
            events.slice(start - touched[0].start, stop - touched[0].start),
            sum(cell.n_generated for cell in cells),
            sum(cell.n_invalid for cell in cells),
        )

    def _cell(
        self, space: AddressSpace, index: int, validity: Validity, masks: Columns, part: slice
    ) -> Block:
        """All events of a cell of block `index`."""
        masks = {name: values[part] for name, values in masks.items()}
        ids = index * self.manifest.block_events + np.arange(part.start, part.stop)
        first = self._attempts(ids, masks | self._first_noise(space, index, part), validity)

        def again(failed: Ints, attempts: Ints) -> Attempts:
            wanted = {name: values[failed] for name, values in masks.items()}
            noise = self._later_noise(space, ids[failed], attempts)
            return self._attempts(ids[failed], wanted | noise, validity)

        together = _TOGETHER_REFINED if self._refines else _TOGETHER
        return finished_block(
            self.manifest, first, validity, again, together=together, max_attempts=self.max_attempts
        )

    @property
    def _refines(self) -> bool:
        return "acceptance" in self.graphs

    @property
    def _noises(self) -> tuple[Noise, ...]:
        return (*self.manifest.events.noises, *((_ACCEPTED,) if self._refines else ()))

    def _masks(self, space: AddressSpace, index: int) -> Columns:
        if "masks" not in self.graphs:
            return {}
        return {MASK_INPUT.name: draw_masks(self.manifest, self.graphs["masks"], space, index)}

    def _first_noise(self, space: AddressSpace, index: int, part: slice) -> Columns:
        """Noise for part of a block."""
        return {
            noise.name: space.block(noise.distribution, _stream(noise), index, part, noise.width)
            for noise in self._noises
        }

    def _later_noise(self, space: AddressSpace, ids: Ints, attempts: Ints) -> Columns:
        """Noise for single events, each from an address of its own."""
        return {
            noise.name: space.events(
                noise.distribution, _stream(noise), ids, attempts, np.full_like(ids, noise.width)
            ).reshape(-1, noise.width)
            for noise in self._noises
        }

    def _attempts(self, ids: Ints, inputs: Columns, validity: Validity) -> Attempts:
        needed = {entry.name for entry in self.manifest.events.inputs}
        columns = self.graphs["events"]({name: values for name, values in inputs.items() if name in needed})
        self._check(columns["type"], len(ids))
        events = _assemble(self.manifest.process, ids, columns)
        if not self._refines or validity == "all":
            return Attempts.of(events)
        rows = {name: values.reshape(len(ids), -1) for name, values in columns.items()}
        acceptance = self.graphs["acceptance"](rows)["acceptance"]
        if validity == "weighted":
            return Attempts.of(replace(events, weight=acceptance))
        return Attempts.of(events, inputs[_ACCEPTED.name][:, 0] < acceptance)

    def _check(self, type_: Ints, n: int) -> None:
        """Make sure that objects are what the manifest promises."""
        name = model_name(self.manifest)
        if type_.shape != (n, self.manifest.events.slots):
            raise OutputError(f"{name}: an event has another number of slots than promised")
        if type_.min() < -1 or type_.max() >= N_OBJECT_TYPES:
            raise OutputError(f"{name}: an object has a type that does not exist")
        if (type_ >= 0).sum(axis=1).max() > self.manifest.max_objects:
            raise OutputError(f"{name}: an event has more than {self.manifest.max_objects} objects")


def cell_ends(index: int, block_events: int, *, refined: bool) -> Sequence[int]:
    """Where the cells of block `index` begin and end.

    A graph may round an event's numbers in one way or another, depending on the rows beside it, so a cell is
    always generated whole. A block is one cell, as a run costs much, however few its rows are; only the first
    begins with small ones: so do the answers to most requests, and short ones need no others.
    """
    ends = accumulate(FIRST_REFINED_CELLS if refined else FIRST_CELLS) if index == 0 else ()
    return [0, *takewhile(lambda end: end < block_events, ends), block_events]


def _stream(noise: Noise) -> Stream:
    if noise is _ACCEPTED:
        return Stream.ACCEPTANCE
    return Stream.EVENT if noise.distribution == "normal" else Stream.CHOICES


def _assemble(process: str, ids: Ints, columns: Columns) -> EventBatch:
    """An event batch from the outputs of an events graph, slots without an object left out."""
    n, present = len(ids), columns["type"] >= 0
    return EventBatch(
        processes=(process,),
        process_index=np.zeros(n, np.int32),
        event_id=ids,
        weight=np.ones(n, np.float32),
        offsets=np.concatenate(([0], np.cumsum(present.sum(axis=1)))).astype(np.int32),
        type=columns["type"][present].astype(np.int8),
        met=columns["met"],
        met_phi=columns["met_phi"],
        **{name: columns[name][present] for name in OBJECT_FLOATS},
    ).sort_objects()
