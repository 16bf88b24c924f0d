"""The architectures by name. Each is a module of its own that defines `ARCHITECTURE`, and has a line here."""

import os
from importlib import import_module
from typing import Final

from training.architectures.base import Architecture

ARCHITECTURES: Final = {
    "exp0": "training.architectures.exp0",
    "exp1": "training.architectures.exp1",
    "exp2": "training.architectures.exp2",
    "exp3": "training.architectures.exp3",
    "bgmm": "training.architectures.bgmm",
    "bvae": "training.architectures.bvae",
    "nsf": "training.architectures.nsf",
    "wgan": "training.architectures.wgan",
    "flow": "training.architectures.flow",
}
"""Where each architecture is defined. Imported only when asked for: TensorFlow takes seconds."""


def load_architecture(name: str) -> Architecture:
    """The architecture of a name.

    Raises:
        ValueError: If there is none; the message lists the known ones.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"there is no architecture {name!r}; known: {', '.join(ARCHITECTURES)}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    architecture: Architecture = import_module(ARCHITECTURES[name]).ARCHITECTURE
    return architecture
