"""What a scan varies, from TOML."""

import copy
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass

from training.config import STRICT, checked, load_config


@dataclass(frozen=True, slots=True, config=STRICT)
class ScanPlan:
    """A scan.

    Attributes:
        config: The configuration that it varies: a TOML file or the name of a shipped one.
        events: Events to judge each model with, at most.
        grid: Values to try, by dotted key, such as ``variator.beta``; all combinations are tried.
        set: Values instead of the configuration's, by dotted key, for the whole scan.
    """

    config: str
    events: Annotated[int, Field(ge=100)]
    grid: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)]
    set: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "ScanPlan":
        """The plan of a TOML file.

        Raises:
            OSError: If it cannot be read.
            ValueError: If it is no plan; the message names the key.
        """
        return checked(cls, tomllib.loads(path.read_text()))

    def points(self) -> "Iterator[ScanPoint]":
        """All combinations of the grid, the last key varying fastest."""
        base = load_config(self.config)
        for combination in product(*self.grid.values()):
            values = dict(zip(self.grid, combination, strict=True))
            name = _name(base["model"], values)
            architecture = base.get("architecture", base["model"])
            config = replaced(base, self.set | values | {"model": name, "architecture": architecture})
            yield ScanPoint(name, {key: _told(value) for key, value in values.items()}, config)


@dataclass(frozen=True, slots=True)
class ScanPoint:
    """One model of a scan.

    Attributes:
        name: Names the model.
        values: What was varied, by dotted key.
        config: The tables of its configuration.
    """

    name: str
    values: dict[str, Any]
    config: dict[str, Any]


def replaced(config: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration with some values replaced, by dotted key.

    Raises:
        ValueError: If a key leads through something that is no table.
    """
    result = copy.deepcopy(dict(config))
    for key, value in values.items():
        *tables, last = key.split(".")
        place = result
        for table in tables:
            place = place.setdefault(table, {})
            if not isinstance(place, dict):
                message = f"{key}: {table} is no table of the configuration"
                raise ValueError(message)  # noqa: TRY004 # it is a value of the user's file
        place[last] = value
    return result


def _told(value: Any) -> Any:  # noqa: ANN401
    """A value as text or number: a table as its entries."""
    return " ".join(f"{name} {inner}" for name, inner in value.items()) if isinstance(value, dict) else value


def _name(model: str, values: Mapping[str, Any]) -> str:
    parts = (f"{key.rsplit('.', 1)[-1]}_{_told(value)}" for key, value in values.items())
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", "-".join((model, *parts)))[:64]
