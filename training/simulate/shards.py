"""Shards: the independent pieces of a run, each reproducible on its own.

A shard is a fixed number of accepted events from a generator that was initialised for it alone, because
Pythia's later events depend on its earlier ones. So a run gives the same events on any number of cores, an
interrupted run goes on from the shards that it finished, and a longer run begins with the events of a shorter
one.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from events.batch import EventBatch, concatenate
from training.simulate.cards import ProcessCard
from training.simulate.detector import reconstruct
from training.simulate.errors import HopelessSelectionError
from training.simulate.generator import BEAMS, MAX_SEED, Generator
from training.simulate.response import Response
from training.simulate.selection import select

_HOPELESS: Final = 20_000
_PACKAGES: Final = ("pythia8mc", "fastjet", "numpy")


@dataclass(frozen=True, slots=True)
class Plan:
    """What determines the events of a run, apart from their number.

    Attributes:
        card: The process.
        seed: The user's seed, at least 0.
        response: The detector.
        shard_events: Accepted events in a shard.
        batch_events: Events that are generated, and reconstructed, at a time.
    """

    card: ProcessCard
    seed: int
    response: Response
    shard_events: int = 1000
    batch_events: int = 250

    def facts(self) -> dict[str, Any]:
        """The plan as plain data, with the versions of the programs that carry it out."""
        return {
            "process": self.card.name,
            "seed": self.seed,
            "settings": [*BEAMS, *self.card.settings],
            "slha": self.card.slha,
            "response": asdict(self.response),
            "shard_events": self.shard_events,
            "batch_events": self.batch_events,
            "versions": {name: version(name) for name in _PACKAGES},
        }

    @property
    def digest(self) -> str:
        """SHA-256 of the facts."""
        return hashlib.sha256(json.dumps(self.facts(), sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """What is known of a shard besides its events.

    Attributes:
        generated: Events that were generated up to the last accepted one.
        cross_section_mb: Pythia's estimate before any selection, in millibarn.
        cross_section_error_mb: Its statistical error.
    """

    generated: int
    cross_section_mb: float
    cross_section_error_mb: float


def make_shard(plan: Plan, index: int, n: int) -> tuple[EventBatch, ShardRecord]:
    """The first n accepted events of a shard, event IDs counted from the first event of the run.

    Args:
        plan: What to simulate.
        index: Number of the shard, from 0.
        n: At most the events of a shard.

    Raises:
        HopelessSelectionError: If none of many events passes the selection.
    """
    source = np.random.SeedSequence(plan.seed, spawn_key=(_process_key(plan.card.name), index))
    generator_seed, response_seed = source.spawn(2)
    generator = Generator(plan.card, 1 + int(generator_seed.generate_state(1, np.uint64)[0] % MAX_SEED))
    rng = np.random.default_rng(response_seed)
    parts: list[EventBatch] = []
    generated = 0
    while (missing := n - sum(map(len, parts))) > 0:
        events = reconstruct(generator.generate(plan.batch_events), plan.card.name, plan.response, rng)
        accepted = select(events)
        parts.append(accepted.slice(0, missing))
        generated += len(events) if len(accepted) <= missing else int(accepted.event_id[missing - 1]) + 1
        if generated >= _HOPELESS and not any(map(len, parts)):
            raise HopelessSelectionError(
                f"none of {generated} events of {plan.card.name} passes the selection; look at its card"
            )
    batch = concatenate(parts)
    event_id = np.arange(len(batch)) + index * plan.shard_events
    return replace(batch, event_id=event_id), ShardRecord(generated, *generator.cross_section_mb)


def _process_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
