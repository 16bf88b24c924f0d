"""Where the random numbers of an event come from: an address in one endless, seeded space.

A counter-based generator (Philox 4x64; Salmon et al., SC11, doi:10.1145/2063384.2063405) maps a key and a
256-bit counter to random words without any history. The key is the data set: seed, process and model. The
counter is the place in it: which block or event, which stream, which attempt. So an event depends on nothing
but its index, whatever slice of the data set is asked for, by whom and in which order.
"""

import hashlib
import json
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, TypeAlias

import numpy as np

from events.batch import Floats, Ints
from models.manifest import Manifest

Distribution: TypeAlias = Literal["uniform", "normal"]

SEED_LIMIT: Final = 2**64
"""Seeds are integers from 0 to this minus 1."""

INDEX_LIMIT: Final = 2**63
"""Indices of events are integers from 0 to this minus 1: event IDs are int64."""

_SCHEME: Final = 2
"""Version of how events are addressed, and of how random numbers are made of the generator's words."""


class Stream(IntEnum):
    """What random numbers are for; streams of one index are independent.

    The stream of an object type is `OBJECTS` plus its `events.objects.ObjectType`.
    """

    MASKS = 0
    EVENT = 1
    REDRAW = 2
    CHOICES = 3
    ACCEPTANCE = 4
    OBJECTS = 16


@dataclass(frozen=True, slots=True)
class AddressSpace:
    """All random numbers of one data set.

    Attributes:
        key: Key of the counter-based generator, two 64-bit words.
    """

    key: tuple[int, int]

    @classmethod
    def of(cls, manifest: Manifest, seed: int) -> "AddressSpace":
        """The space of a model's events for one seed.

        Raises:
            ValueError: If the seed is outside [0, 2**64).
        """
        if not 0 <= seed < SEED_LIMIT:
            raise ValueError(f"the seed must lie in 0..{SEED_LIMIT - 1}, not {seed}")
        name = json.dumps([_SCHEME, seed, manifest.process, manifest.model, manifest.digest])
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        return cls((int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")))

    def block(self, distribution: Distribution, stream: int, index: int, rows: slice, width: int) -> Floats:
        """Rows of random numbers out of those of a block's first attempts, float32[rows, width].

        Args:
            distribution: Of the numbers.
            stream: A `Stream`.
            index: Index of the block.
            rows: From which row to which; those before cost nothing.
            width: Numbers a row.
        """
        bounds = np.array([[rows.start, rows.stop]]) * width
        numbers = self._numbers(distribution, stream, np.array([index]), np.zeros(1, np.int64), bounds)
        return numbers.reshape(-1, width)

    def events(
        self, distribution: Distribution, stream: int, indices: Ints, attempts: Ints, sizes: Ints
    ) -> Floats:
        """Random numbers for later attempts at single events, event after event, float32[sum of sizes].

        Args:
            distribution: Of the numbers.
            stream: A `Stream`.
            indices: Index of each event, int64[n].
            attempts: Which attempt at it, from 1, int64[n].
            sizes: How many numbers for it, int64[n].
        """
        bounds = np.stack((np.zeros_like(sizes), sizes), axis=1)
        return self._numbers(distribution, stream, indices, attempts, bounds)

    def _numbers(
        self,
        distribution: Distribution,
        stream: int,
        indices: Ints,
        attempts: Ints,
        bounds: Ints,
    ) -> Floats:
        # Loads a compiler, and is needed only once events are made.
        from service.noise import numbers  # noqa: PLC0415

        # The lowest word of the counter runs through the numbers of an address.
        addresses = np.zeros((len(indices), 4), np.uint64)
        addresses[:, 1], addresses[:, 2], addresses[:, 3] = attempts, indices, stream
        key = np.array(self.key, np.uint64)
        return numbers(key, addresses, bounds, normal=distribution == "normal")
