"""What `make bench` found: figures beside the limits that bind them, and ratios to watch."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, Self

from typing_extensions import override

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: What was measured.
        value: The median.
        unit: Its unit.
        limit: What binds it, where something does.
        fraction: The share of that limit which it reaches.
    """

    name: str
    value: float
    unit: str
    limit: str | None = None
    fraction: float | None = None

    @override
    def __str__(self) -> str:
        share = "" if self.fraction is None else f"{self.fraction:8.1%} of {self.limit}"
        return f"{self.name:44} {_readable(self.value):>12} {self.unit:12} {share}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure without a unit, which the machine's speed does not change.

    Attributes:
        name: What over what.
        value: The median.
        better: Which way is better.
        target: What it should reach, where there is a target.
    """

    name: str
    value: float
    better: Better
    target: float | None = None

    @property
    def met(self) -> bool:
        """Whether it reaches its target, or has none."""
        if self.target is None:
            return True
        return self.value >= self.target if self.better == "higher" else self.value <= self.target

    @override
    def __str__(self) -> str:
        goal = "" if self.target is None else f"target {self.target:g}: {'met' if self.met else 'MISSED'}"
        return f"{self.name:44} {self.value:12.3f} {self.better} is better; {goal}"


@dataclass(slots=True)
class Report:
    """All that one run of the benchmarks found, printed as it is found."""

    machine: dict[str, str]
    figures: list[Figure] = field(default_factory=list)
    ratios: list[Ratio] = field(default_factory=list)

    @classmethod
    def begun(cls, machine: dict[str, str]) -> Self:
        """An empty report, the machine printed at its head."""
        report = cls(machine)
        report.heading(", ".join(f"{name} {value}" for name, value in machine.items()))
        return report

    def heading(self, text: str) -> None:
        """Begin a section of the print."""
        print(f"\n{text}", flush=True)  # noqa: T201 - its output

    def add(self, *found: Figure | Ratio) -> None:
        """Keep and print what was found. The fraction of a limit is a ratio to watch, too."""
        for each in found:
            if isinstance(each, Figure):
                self.figures.append(each)
                if each.fraction is not None:
                    self.ratios.append(Ratio(f"{each.name} of {each.limit}", each.fraction, "higher"))
            else:
                self.ratios.append(each)
            print(f"  {each}", flush=True)  # noqa: T201 - its output

    def write(self, path: Path) -> None:
        """Keep it as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


def read_report(path: Path) -> Report:
    """A report from its JSON."""
    kept = json.loads(path.read_text(encoding="utf-8"))
    figures = [Figure(**each) for each in kept["figures"]]
    return Report(kept["machine"], figures, [Ratio(**each) for each in kept["ratios"]])


def worsened(before: Iterable[Ratio], now: Iterable[Ratio], tolerance: float) -> list[tuple[Ratio, Ratio]]:
    """The ratios, before and now, that are worse by more than a share of what they were."""
    earlier = {ratio.name: ratio for ratio in before}
    pairs = [(earlier[ratio.name], ratio) for ratio in now if ratio.name in earlier]
    return [(old, new) for old, new in pairs if _gain(old, new) < 1 - tolerance]


def _gain(old: Ratio, new: Ratio) -> float:
    return new.value / old.value if new.better == "higher" else old.value / new.value


def _readable(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g} {letter}"
    return f"{value:.4g}"
