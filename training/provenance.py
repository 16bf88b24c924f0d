"""Where training events come from, in words for the manifest and the card."""

import json
from collections.abc import Sequence
from pathlib import Path

from training.simulate.run import sidecar_path

NOT_STATED = "a generator that was not stated"


def describe_generator(files: Sequence[Path]) -> str:
    """What made the events of the files: known for those of `eventmill-train simulate`, by their sidecar."""
    return " and ".join(dict.fromkeys(_describe(path) for path in files))


def _describe(path: Path) -> str:
    sidecar = sidecar_path(path)
    if not sidecar.exists():
        return NOT_STATED
    facts = json.loads(sidecar.read_text())
    if not {"generator", "process", "seed", "digest"} <= facts.keys():
        return NOT_STATED
    settings = f"process {facts['process']}, seed {facts['seed']}, settings {facts['digest'][:12]}"
    return f"Eventmill's simulation: {facts['generator']}; {settings}"
