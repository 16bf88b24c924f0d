"""Encodings of training events, and the principal components of the space that they lie in."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from events.batch import Floats
from training.vae import VAE

LATENT_FILE: Final = "latent.npz"
"""Where an artefact keeps the principal components; see `models.manifest.Latent`."""

_CHUNK: Final = 8192


@dataclass(frozen=True, slots=True)
class Encodings:
    """Where the encoder puts events in the latent space.

    Attributes:
        mean: float32[k, latent].
        sigma: Standard deviations, float32[k, latent]; zeros if the encodings are points.
    """

    mean: Floats
    sigma: Floats

    def save(self, path: Path) -> None:
        """Write them, atomically."""
        save_arrays(path, mean=self.mean, sigma=self.sigma)

    @classmethod
    def load(cls, path: Path) -> "Encodings":
        """What `save` wrote.

        Raises:
            FileNotFoundError: If there is nothing.
        """
        return cls(**load_arrays(path))


def encode(model: VAE, rows: Floats) -> Encodings:
    """The encodings of network rows float32[n, features]."""
    parts = [_parameters(model, chunk) for chunk in _chunks(rows)]
    mean, sigma = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Encodings(mean, sigma)


def chosen_rows(n: int, most: int, seed: int) -> npt.NDArray[np.int64]:
    """At most so many of n rows, picked at random, in rising order."""
    rng = np.random.default_rng([seed, n])
    picked: npt.NDArray[np.int64] = np.sort(rng.permutation(n)[:most])
    return picked


def principal_components(points: Floats) -> dict[str, Floats]:
    """The principal components of points float32[k, d]: mean [d], components [d, d] by rows, variance [d]."""
    centred = points.astype(np.float64) - points.mean(axis=0, dtype=np.float64)
    variance, vectors = np.linalg.eigh(centred.T @ centred / len(points))
    components = vectors.T[::-1]
    # The sign of an eigenvector is free: the largest entry is positive here.
    components *= np.sign(components[np.arange(len(components)), np.abs(components).argmax(axis=1)])[:, None]
    return {
        "mean": points.mean(axis=0, dtype=np.float64).astype(np.float32),
        "components": components.astype(np.float32),
        "variance": np.maximum(variance[::-1], 0).astype(np.float32),
    }


def save_arrays(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Write a NumPy archive, atomically."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
    partial.replace(path)


def load_arrays(path: Path) -> dict[str, npt.NDArray[Any]]:
    """The arrays that `save_arrays` wrote, by name.

    Raises:
        FileNotFoundError: If there are none; the message tells the remedy.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: finish this run with `eventmill-train train`")
    with np.load(path) as stored:
        return dict(stored)


def _chunks(rows: Floats) -> Iterable[Floats]:
    return np.split(rows, range(_CHUNK, len(rows), _CHUNK))


def _parameters(model: VAE, rows: Floats) -> tuple[Floats, Floats]:
    mean, log_variance = model.encode(tf.constant(rows))
    if log_variance is None:
        return mean.numpy(), np.zeros_like(mean.numpy())
    return mean.numpy(), np.exp(0.5 * log_variance.numpy())
