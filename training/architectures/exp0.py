"""Experiment 0, the baseline of the thesis: an alpha-VAE of the whole event (thesis, section 7.3)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from pydantic.dataclasses import dataclass

from training.architectures.notes import LIKELIEST, SIDE_BY_SIDE, replays, shortened
from training.architectures.whole_event_vae import Settings, WholeEventVAE, encodings
from training.config import STRICT
from training.latents import Replay
from training.run import Run
from training.variator import AlphaVariator


@dataclass(frozen=True, slots=True, config=STRICT)
class AlphaSettings(Settings):
    """The tables of the configuration.

    Attributes:
        variator: What happens in the latent space.
    """

    variator: AlphaVariator


def _latents(run: Run, settings: AlphaSettings) -> Replay:
    return Replay(encodings(run).mean.astype(np.float16), settings.variator.alpha)


def _notes(run: Run, settings: AlphaSettings) -> Sequence[str]:
    return (
        replays(len(encodings(run).mean), f"alpha {settings.variator.alpha:g}"),
        shortened(settings.fit, 50),
        (
            f"Its latent space has {settings.network.latent} dimensions, as that of Experiment I: the thesis "
            "does not tell."
        ),
        LIKELIEST,
        SIDE_BY_SIDE,
    )


ARCHITECTURE: Final = WholeEventVAE(
    description="Experiment 0, the baseline: whole events from an alpha-VAE that starts from training events",
    reference="Experiment 0 of the source thesis (section 7.3): alpha-VAE over the whole event",
    settings=AlphaSettings,
    latents=_latents,
    notes=_notes,
)
