"""Progress through steps of known number, with the seconds that each took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from tqdm import tqdm


class Steps:
    """A progress bar over steps; call it with a step's name for a context in which the step runs.

    Attributes:
        seconds: Time of each step, added up where a name comes again.
    """

    def __init__(self, total: int, *, show: bool) -> None:
        self.seconds: dict[str, float] = {}
        self._bar = tqdm(total=total, unit="step", disable=not show)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Run a step."""
        self._bar.set_description(name)
        begin = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin
        self._bar.update()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
