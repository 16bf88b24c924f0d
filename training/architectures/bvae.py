"""The B-VAE: a beta-VAE with a density information buffer and smudge factors (arXiv:1901.00875)."""

from collections.abc import Sequence
from typing import Annotated, Final

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from training.architectures.notes import LIKELIEST, SIDE_BY_SIDE, replays
from training.architectures.whole_event_vae import Settings, WholeEventVAE, encodings
from training.config import STRICT
from training.latents import Replay
from training.run import Run


@dataclass(frozen=True, slots=True, config=STRICT)
class SmudgeConfig:
    """How far from the buffer's encodings latent points are drawn: z ~ N(mu, alpha * sigma + gamma).

    Attributes:
        alpha: Share of an encoding's own standard deviation.
        gamma: Standard deviation that every encoding gets.
    """

    alpha: Annotated[float, Field(ge=0)]
    gamma: Annotated[float, Field(ge=0)]


@dataclass(frozen=True, slots=True, config=STRICT)
class BufferSettings(Settings):
    """The tables of the configuration.

    Attributes:
        smudge: The smudge factors.
    """

    smudge: SmudgeConfig


def _latents(run: Run, settings: BufferSettings) -> Replay:
    kept = encodings(run)
    width = settings.smudge.alpha * kept.sigma + settings.smudge.gamma
    return Replay(kept.mean.astype(np.float16), width.astype(np.float16))


def _notes(run: Run, settings: BufferSettings) -> Sequence[str]:
    smudge = settings.smudge
    return (
        replays(len(encodings(run).mean), f"smudge factors alpha {smudge.alpha:g}, gamma {smudge.gamma:g}"),
        "The paper's events have at most four jets and two leptons, and its buffer 100,000 of them.",
        f"Its fit took {settings.fit.epochs} epochs.",
        LIKELIEST,
        SIDE_BY_SIDE,
    )


ARCHITECTURE: Final = WholeEventVAE(
    description="B-VAE: whole events from a beta-VAE with a density information buffer and smudge factors",
    reference="Otten et al., arXiv:1901.00875: beta-VAE, density information buffer, smudge factors",
    settings=BufferSettings,
    latents=_latents,
    notes=_notes,
)
