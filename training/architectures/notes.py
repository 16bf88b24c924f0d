"""What to know before using a model, where several architectures have it in common."""

from typing import Final

from training.config import FitConfig

SIDE_BY_SIDE: Final = "Energies and momenta are generated side by side, so an object may have E < p."

LIKELIEST: Final = "What a slot holds is the likeliest type that the decoder gives, or nothing."


def shortened(fit: FitConfig, epochs: int) -> str:
    """That a fit is shorter than the source's, which takes so many epochs."""
    return f"Its fit took at most {fit.epochs} epochs, for want of time; that of its source takes {epochs}."


def replays(encodings: int, perturbation: str) -> str:
    """That a model starts from so many training events, perturbed in this way."""
    return (
        f"It starts from the encodings of {encodings:,} training events: a generated event is a perturbed "
        f"replay of one of these ({perturbation}). Events that are nearer to these than held-out truth is "
        "show as NN_ratio below 1 or NN_copies above 0.01. How close so many true events come to truth, in "
        "`docs/scans`, is a limit to WD, JS and KL."
    )
