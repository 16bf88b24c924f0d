"""Encodings of training events and of their objects, which a model starts from when it generates."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.encodings import load_arrays, save_arrays


@dataclass(frozen=True, slots=True)
class ParticleBuffer:
    """Encodings of training events, in half precision.

    Attributes:
        event: Of MET and mask, float16[k, latent].
        objects: Of the objects of each type, in order of their events, float16[m, latent] by symbol.
        first: Where the objects of each event begin, int32[k] by symbol.
    """

    event: npt.NDArray[np.float16]
    objects: dict[str, npt.NDArray[np.float16]]
    first: dict[str, npt.NDArray[np.int32]]

    def save(self, path: Path) -> None:
        """Write it, atomically."""
        objects = {f"objects_{symbol}": values for symbol, values in self.objects.items()}
        first = {f"first_{symbol}": values for symbol, values in self.first.items()}
        save_arrays(path, event=self.event, **objects, **first)

    @classmethod
    def load(cls, path: Path) -> "ParticleBuffer":
        """What `save` wrote.

        Raises:
            FileNotFoundError: If there is nothing.
        """
        arrays = load_arrays(path)
        objects, first = (
            {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
            for prefix in ("objects_", "first_")
        )
        return cls(arrays["event"], objects, first)
