"""Where the random numbers of an event come from: an address in one endless, seeded space.

A counter-based generator (Philox 4x64; Salmon et al., SC11, doi:10.1145/2063384.2063405) maps a key and a
256-bit counter to random words without any history. The key is the data set: seed, process and model. The
counter is the place in it: which block or event, which stream, which attempt. So an event depends on nothing
but its index, whatever slice of the data set is asked for, by whom and in which order.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np

from models.manifest import Manifest

SEED_LIMIT: Final = 2**64
"""Seeds are integers from 0 to this minus 1."""

INDEX_LIMIT: Final = 2**63
"""Indices of events are integers from 0 to this minus 1: event IDs are int64."""


class Stream(IntEnum):
    """What random numbers are for; streams of one index are independent.

    The stream of an object type is `OBJECTS` plus its `events.objects.ObjectType`.
    """

    MASKS = 0
    EVENT = 1
    REDRAW = 2
    CHOICES = 3
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
        name = json.dumps([seed, manifest.process, manifest.model, manifest.digest])
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        return cls((int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")))

    def generator(self, stream: int, index: int, attempt: int = 0) -> np.random.Generator:
        """The random numbers at one address.

        Args:
            stream: A `Stream`.
            index: Index of a block (attempt 0), or of an event (later attempts).
            attempt: 0 for the first attempt of a whole block.
        """
        return next(self.generators(stream, [index], attempt))

    def generators(
        self, stream: int, indices: Iterable[int], attempt: int = 0
    ) -> Iterator[np.random.Generator]:
        """`generator` for each index in turn; each is valid until the next is asked for.

        One generator is moved from address to address, which is four times faster than building new ones.
        """
        bits = np.random.Philox(key=np.array(self.key, np.uint64))
        origin, random = bits.state, np.random.Generator(bits)
        for index in indices:
            # The lowest word of the counter runs through the numbers of this address.
            origin["state"]["counter"] = np.array([0, attempt, index, stream], np.uint64)
            bits.state = origin
            yield random
