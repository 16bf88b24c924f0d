"""Event generators that are watched, or misbehave on purpose."""

from collections.abc import Callable
from dataclasses import dataclass

from models.manifest import Manifest
from service.generator import Block, EventGenerator, Validity
from service.runtime import OutputError


@dataclass(frozen=True)
class FailingGenerator:
    """Works until a certain block, then fails."""

    inner: EventGenerator
    fails_at: int

    @property
    def manifest(self) -> Manifest:
        return self.inner.manifest

    def first_stop(self, index: int, start: int) -> int:
        return self.inner.first_stop(index, start)

    def block(
        self, seed: int, index: int, validity: Validity, start: int = 0, stop: int | None = None
    ) -> Block:
        if index >= self.fails_at:
            raise OutputError("made to fail")
        return self.inner.block(seed, index, validity, start, stop)


@dataclass(frozen=True)
class WatchedGenerator:
    """Tells the index of each block that is begun, and where the part of it begins and ends."""

    inner: EventGenerator
    begins: Callable[[int, int, int | None], object]

    @property
    def manifest(self) -> Manifest:
        return self.inner.manifest

    def first_stop(self, index: int, start: int) -> int:
        return self.inner.first_stop(index, start)

    def block(
        self, seed: int, index: int, validity: Validity, start: int = 0, stop: int | None = None
    ) -> Block:
        self.begins(index, start, stop)
        return self.inner.block(seed, index, validity, start, stop)
