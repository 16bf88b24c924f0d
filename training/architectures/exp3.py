"""Experiment III: one beta-VAE for events with few jets and nothing else (thesis, section 7.6)."""

from collections.abc import Sequence
from typing import Final

from training.architectures.notes import SIDE_BY_SIDE
from training.architectures.whole_event_vae import Settings, WholeEventVAE
from training.latents import StandardNormal
from training.run import Run


def _latents(_run: Run, settings: Settings) -> StandardNormal:
    return StandardNormal(settings.network.latent)


def _notes(run: Run, settings: Settings) -> Sequence[str]:
    limits = settings.slots if isinstance(settings.slots, dict) else {}
    objects = " and ".join(f"{count} {symbol}" for symbol, count in limits.items())
    return (
        (
            f"It generates only events with at most {objects} and no other object: it learnt the "
            f"{run.events['train']:,} training events of that kind. Compare it with such events."
        ),
        (
            "Whether a slot holds an object is drawn with the probability that the decoder gives (the thesis "
            "does not say how it was decided)."
        ),
        (
            "Its spectra are too narrow: encodings of events do not fill the latent space as the random "
            "numbers do that it starts from. A smaller beta copies single events more closely and makes that "
            "worse; see `docs/scans`."
        ),
        "The kinematics of empty slots do not count in the loss: the thesis fills them with zeros.",
        SIDE_BY_SIDE,
    )


ARCHITECTURE: Final = WholeEventVAE(
    description="Experiment III: events with few jets, whole, from one beta-VAE",
    reference="Experiment III of the source thesis (section 7.6): one beta-VAE for a subset of the events",
    settings=Settings,
    latents=_latents,
    notes=_notes,
)
