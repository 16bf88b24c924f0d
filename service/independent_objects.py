"""Events whose MET and objects are drawn independently of each other (thesis, section 7.5: Experiment II)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from events.batch import OBJECT_FLOATS, EventBatch, Ints, file_order
from events.objects import N_OBJECT_TYPES, SYMBOLS
from models.manifest import IndependentObjectsManifest
from service.addresses import AddressSpace, Stream
from service.generator import (
    FIRST_EVENTS,
    MAX_ATTEMPTS,
    Attempts,
    Block,
    Columns,
    Validity,
    draw_masks,
    finished_block,
    model_name,
)
from service.runtime import LoadedGraph, Noise, OutputError

_TOGETHER: Final = 128
"""Several attempts at an event cost little more than one."""


@dataclass(frozen=True, slots=True)
class IndependentObjects:
    """Numbers of objects, MET and every object drawn independently (thesis, section 7.5: Experiment II).

    Attributes:
        manifest: The model.
        graphs: Its graphs by their names in `Manifest.graphs`.
        max_attempts: See `MAX_ATTEMPTS`.
    """

    manifest: IndependentObjectsManifest
    graphs: Mapping[str, LoadedGraph]
    max_attempts: int = MAX_ATTEMPTS

    def first_stop(self, index: int, start: int) -> int:  # noqa: ARG002
        """Anywhere: an event does not depend on those beside it."""
        return start + FIRST_EVENTS

    def block(
        self, seed: int, index: int, validity: Validity, start: int = 0, stop: int | None = None
    ) -> Block:
        """Events of block `index`, as `EventGenerator.block` wants them.

        With validity ``valid``, an event that fails the selection criteria keeps its numbers of objects and
        its kinematics are drawn again until it passes; with ``all`` the first attempt stands.

        Raises:
            OutputError: If the model gives what no event can be made of, or never makes an event valid.
        """
        space = AddressSpace.of(self.manifest, seed)
        n = self.manifest.block_events
        part = slice(start, n if stop is None else stop)
        all_masks = self._masks(space, index)
        noise, masks = self._first_noise(space, index, all_masks, part), all_masks[part]
        first = self._attempts(index * n + np.arange(part.start, part.stop), masks, noise)

        def again(failed: Ints, attempts: Ints) -> Attempts:
            ids, wanted = first.events.event_id[failed], masks[failed]
            return self._attempts(ids, wanted, self._later_noise(space, ids, attempts, wanted))

        return finished_block(
            self.manifest, first, validity, again, together=_TOGETHER, max_attempts=self.max_attempts
        )

    def _masks(self, space: AddressSpace, index: int) -> Ints:
        masks = draw_masks(self.manifest, self.graphs["masks"], space, index)
        for symbol, total in zip(SYMBOLS, masks.sum(axis=0), strict=True):
            if total and symbol not in self.graphs:
                name = model_name(self.manifest)
                raise OutputError(f"{name}: an event has objects of type {symbol}, which has no graph")
        return masks

    def _width(self, name: str) -> int:
        return self.manifest.graphs[name].noise.width

    def _run(self, name: str, noise: Noise) -> Columns:
        return self.graphs[name]({self.manifest.graphs[name].noise.name: noise})

    def _first_noise(self, space: AddressSpace, index: int, masks: Ints, part: slice) -> dict[str, Noise]:
        """Noise by graph for part of a block: one stream for MET and one for each object type.

        Events take their rows of a stream one after the other.
        """
        before, until = masks[: part.start].sum(axis=0), masks[: part.stop].sum(axis=0)
        streams: dict[str, tuple[int, slice]] = {"event": (Stream.EVENT, part)}
        for type_ in np.flatnonzero(until > before).tolist():
            streams[SYMBOLS[type_]] = (Stream.OBJECTS + type_, slice(int(before[type_]), int(until[type_])))
        return {
            name: space.block("normal", stream, index, rows, self._width(name))
            for name, (stream, rows) in streams.items()
        }

    def _later_noise(self, space: AddressSpace, ids: Ints, attempts: Ints, masks: Ints) -> dict[str, Noise]:
        """Noise by graph for single events: one stream an event, a row for MET, then one for each object."""
        names = ("event", *SYMBOLS)
        rows = np.concatenate((np.ones((len(ids), 1), np.int64), masks), axis=1)
        width = max(self._width(name) for name in self.graphs if name != "masks")
        numbers = space.events("normal", Stream.REDRAW, ids, attempts, width * rows.sum(axis=1))
        noise = numbers.reshape(-1, width)
        role = np.repeat(np.tile(np.arange(len(names)), len(ids)), rows.ravel())
        chosen = {name: noise[role == number] for number, name in enumerate(names)}
        return {name: values[:, : self._width(name)] for name, values in chosen.items() if len(values)}

    def _attempts(self, ids: Ints, masks: Ints, noise: Mapping[str, Noise]) -> Attempts:
        columns = {name: self._run(name, rows) for name, rows in noise.items()}
        return Attempts.of(_assemble(self.manifest.process, ids, masks, columns))


def _assemble(process: str, ids: Ints, masks: Ints, columns: Mapping[str, Columns]) -> EventBatch:
    """An event batch from the outputs of the graphs, whose objects are in order of type, then event."""
    n = len(ids)
    event = np.repeat(np.tile(np.arange(n), N_OBJECT_TYPES), masks.T.ravel())
    type_ = np.repeat(np.arange(N_OBJECT_TYPES, dtype=np.int8), masks.sum(axis=0))
    none = dict.fromkeys(OBJECT_FLOATS, np.empty(0, np.float32))
    by_type = [columns.get(symbol, none) for symbol in SYMBOLS]
    floats = {name: np.concatenate([part[name] for part in by_type]) for name in OBJECT_FLOATS}
    order = file_order(event, type_, floats["pt"])
    return EventBatch(
        processes=(process,),
        process_index=np.zeros(n, np.int32),
        event_id=ids,
        weight=np.ones(n, np.float32),
        offsets=np.concatenate(([0], np.cumsum(masks.sum(axis=1)))).astype(np.int32),
        type=type_[order],
        **columns["event"],
        **{name: values[order] for name, values in floats.items()},
    )
