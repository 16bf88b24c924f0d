"""The principal components of a latent space, and the events along them.

The study of the documents' B-VAE, which steers the generation by sampling along principal components.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import tensorflow as tf

from events.batch import Floats
from training.architectures import load_architecture
from training.architectures.whole_event_vae import WholeEventVAE, decode_events, encodings, event_rows
from training.encodings import principal_components
from training.latents import UNIFORM
from training.run import Run

OBSERVABLES: Final = {
    "met": "MET [GeV]",
    "scalar_sum": "Sum of pT [GeV]",
    "leading_pt": "Highest pT [GeV]",
    "objects": "Objects",
}
"""What is told of the events along a component, with labels."""

_POSITIONS: Final = np.linspace(-3, 3, 25)
_CLOUD: Final = 5000


@dataclass(frozen=True, slots=True)
class LatentStudy:
    """What the study finds.

    Attributes:
        model: Process and model.
        variance: Of the encodings along each component, falling.
        positions: Places along a component, in standard deviations from the mean.
        traversals: For each of the first components, `OBSERVABLES` of the decoded event at each position.
        cloud: Encodings of training events along the first two components, in standard deviations, and the
            scalar sum of pT of the events that they decode to, [k, 3].
    """

    model: str
    variance: list[float]
    positions: list[float]
    traversals: list[dict[str, list[float]]]
    cloud: list[list[float]]

    @property
    def dimensions_for(self) -> dict[str, int]:
        """How many components hold half, nine tenths and 99 % of the variance."""
        shares = np.cumsum(self.variance) / np.sum(self.variance)
        return {f"{share:.0%}": int(np.searchsorted(shares, share)) + 1 for share in (0.5, 0.9, 0.99)}


def study_latent_space(run: Run, components: int) -> LatentStudy:
    """Find the principal components of a finished run's encodings, and decode events along the first ones.

    Raises:
        ValueError: If the run's architecture has no single latent space of whole events.
        FileNotFoundError: If the run is not finished.
    """
    architecture = load_architecture(run.training_config.architecture)
    if not isinstance(architecture, WholeEventVAE):
        raise ValueError(  # noqa: TRY004 # the run is a value of the user's
            f"{run.training_config.architecture} has no single latent space of whole events to study"
        )
    points = encodings(run).mean
    found = principal_components(points)
    mean, axes = found["mean"], found["components"]
    width = np.sqrt(found["variance"])
    network, rows = architecture.network(run), event_rows(run)

    def told(latent: Floats) -> dict[str, list[float]]:
        # Half decides what a slot for one type holds: the likelier of an object and none.
        half = tf.fill((len(latent), rows.n_slots), 0.5)
        return _observables(decode_events(rows, network.decode(tf.constant(latent)), {UNIFORM: half}))

    steps = _POSITIONS.astype(np.float32)[:, None]
    cloud = (points[:_CLOUD] - mean) @ axes[:2].T / np.maximum(width[:2], np.float32(1e-12))
    sums = np.array(told(points[:_CLOUD])["scalar_sum"])
    return LatentStudy(
        model=f"{run.process}/{run.training_config.model}",
        variance=found["variance"].tolist(),
        positions=_POSITIONS.tolist(),
        traversals=[told(mean + steps * width[i] * axes[i]) for i in range(min(components, len(axes)))],
        cloud=np.column_stack([cloud, sums]).tolist(),
    )


def _observables(events: dict[str, Any]) -> dict[str, list[float]]:
    present = events["type"].numpy() >= 0
    pt = np.where(present, events["pt"].numpy(), 0)
    values = (events["met"].numpy(), pt.sum(axis=1), pt.max(axis=1), present.sum(axis=1))
    return {name: column.astype(float).tolist() for name, column in zip(OBSERVABLES, values, strict=True)}
