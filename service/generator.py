"""Blocks of events.

A block is the unit of work: a fixed number of events, whose random numbers come from addresses of its own.
The order of generation, the thread and the request play no part in its content.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from events.batch import Bools, EventBatch, Ints, concatenate
from events.objects import N_OBJECT_TYPES
from events.selection import valid_events
from models.manifest import Manifest
from service.addresses import AddressSpace, Stream
from service.runtime import LoadedGraph, OutputError

Validity: TypeAlias = Literal["valid", "weighted", "all"]
"""Which attempts at an event are good for the data set, see `service.sampler.DatasetSlice`."""

Columns: TypeAlias = dict[str, npt.NDArray[Any]]

MAX_ATTEMPTS: Final = 1000
"""Attempts at a valid event. A model that needs more cannot make the event at all."""

FIRST_EVENTS: Final = 512
"""Events of the first task of a slice: fewer than a block has, so that its first bytes come soon."""


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive events of a data set, all of one block or some.

    Attributes:
        events: The events; their IDs are their indices in the data set.
        n_generated: Events whose first attempt was made for them.
        n_invalid: How many of those attempts failed the selection criteria.
    """

    events: EventBatch
    n_generated: int
    n_invalid: int


@dataclass(frozen=True, slots=True)
class Attempts:
    """Attempts at events.

    Attributes:
        events: What came of them.
        valid: Which meet the selection criteria, bool[n].
        kept: Which of these, and no others, are good for the data set, bool[n].
    """

    events: EventBatch
    valid: Bools
    kept: Bools

    @classmethod
    def of(cls, events: EventBatch, accepted: Bools | None = None) -> Self:
        """Attempts that are good if they are valid and, where that matters, accepted, bool[n]."""
        valid = valid_events(events)
        return cls(events, valid, valid if accepted is None else valid & accepted)


class EventGenerator(Protocol):
    """Anything that makes blocks of events; safe to use from several threads."""

    @property
    def manifest(self) -> Manifest:
        """The model that makes them."""

    def first_stop(self, index: int, start: int) -> int:
        """Where in block `index` a first, short part that begins at `start` had best end."""

    def block(
        self, seed: int, index: int, validity: Validity, start: int = 0, stop: int | None = None
    ) -> Block:
        """Events `start` to ``stop - 1`` of block `index`, by default all `Manifest.block_events` of them.

        They are a pure function of seed, index and validity: a part holds what the whole block does, bit for
        bit.
        """


def model_name(manifest: Manifest) -> str:
    """How messages name a model."""
    return f"{manifest.process}/{manifest.model}"


def draw_masks(manifest: Manifest, graph: LoadedGraph, space: AddressSpace, index: int) -> Ints:
    """Numbers of objects of each type for the events of a block, int64[n, 7].

    Raises:
        OutputError: If no event can have them.
    """
    (noise,) = graph.graph.inputs
    uniform = space.block("uniform", Stream.MASKS, index, slice(0, manifest.block_events), noise.width)
    masks: Ints = graph({noise.name: uniform})["mask"]
    if masks.shape[1:] != (N_OBJECT_TYPES,) or masks.min() < 0:
        raise OutputError(
            f"{model_name(manifest)}: an event needs {N_OBJECT_TYPES} object counts, none negative"
        )
    if masks.sum(axis=1).max() > manifest.max_objects:
        raise OutputError(f"{model_name(manifest)}: an event has more than {manifest.max_objects} objects")
    return masks


def finished_block(
    manifest: Manifest,
    first: Attempts,
    validity: Validity,
    again: Callable[[Ints, Ints], Attempts],
    *,
    together: int,
    max_attempts: int,
) -> Block:
    """A block from its first attempts. Where only valid events count, the others are made again.

    Args:
        manifest: The model.
        first: The first attempts.
        validity: With ``all`` the first attempts stand.
        again: Makes the events at some positions of `first` again: positions int64[k], attempts int64[k].
        together: Attempts made at once where fewer events are left, several at each.
        max_attempts: When to give up on an event.

    Raises:
        OutputError: If an event is never good.
    """
    n, n_invalid = len(first.events), int(np.count_nonzero(~first.valid))
    left = np.flatnonzero(~first.kept)
    if validity == "all" or not left.size:
        return Block(first.events, n, n_invalid)
    parts, chosen, n_made, attempt = [first.events], np.arange(n), n, 1
    while left.size and attempt <= max_attempts:
        depth = min(max(1, together // left.size), max_attempts + 1 - attempt)
        attempts = np.arange(attempt, attempt + depth)
        made = again(np.repeat(left, depth), np.tile(attempts, left.size))
        kept = made.kept.reshape(left.size, depth)
        chosen[left] = n_made + np.arange(left.size) * depth + kept.argmax(axis=1)
        parts.append(made.events)
        n_made, left, attempt = n_made + len(made.events), left[~kept.any(axis=1)], attempt + depth
    if left.size:
        stuck = first.events.take(left[:1])
        raise OutputError(
            f"{model_name(manifest)}: event {stuck.event_id[0]} with {stuck.masks()[0].tolist()} objects "
            f"failed the selection criteria, or was refused by the model, {max_attempts} times"
        )
    return Block(concatenate(parts).take(chosen), n, n_invalid)
