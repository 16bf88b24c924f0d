"""A variational autoencoder whose latent points come from a Bayesian Gaussian mixture over its encodings."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import Floats
from training.architectures.notes import LIKELIEST, SIDE_BY_SIDE
from training.architectures.whole_event_vae import Settings, WholeEventVAE, encodings
from training.config import STRICT
from training.encodings import save_arrays
from training.latents import Mixture
from training.masks import build_alias_table
from training.run import Run
from training.variator import AlphaVariator

_MIXTURE_FILE: Final = "mixture.npz"


@dataclass(frozen=True, slots=True, config=STRICT)
class MixtureConfig:
    """The mixture.

    Attributes:
        components: Gaussians, called gamma in the sources.
        iterations: Of the fit at most.
    """

    components: Annotated[int, Field(ge=1)]
    iterations: Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True, config=STRICT)
class MixtureSettings(Settings):
    """The tables of the configuration.

    Attributes:
        mixture: The mixture over the encodings.
    """

    mixture: MixtureConfig


def _prepare_latents(run: Run, settings: MixtureSettings) -> None:
    path = run.folder / _MIXTURE_FILE
    if not path.exists():
        _fit_mixture(_latent_points(run, settings), settings.mixture, run.training_config.seed, path)


def _latent_points(run: Run, settings: MixtureSettings) -> Floats:
    """What the decoder learnt to decode: encodings with the variator's noise on them."""
    kept = encodings(run)
    sigma = settings.variator.alpha if isinstance(settings.variator, AlphaVariator) else kept.sigma
    noise = np.random.default_rng(run.training_config.seed).standard_normal(kept.mean.shape, np.float32)
    points: Floats = kept.mean + sigma * noise
    return points


def _fit_mixture(points: Floats, config: MixtureConfig, seed: int, path: Path) -> None:
    # Slow to import, and only this fit needs it.
    from sklearn.exceptions import ConvergenceWarning  # noqa: PLC0415
    from sklearn.mixture import BayesianGaussianMixture  # noqa: PLC0415

    mixture = BayesianGaussianMixture(
        n_components=min(config.components, len(points)), max_iter=config.iterations, random_state=seed
    )
    with warnings.catch_warnings():
        # The configuration bounds the iterations; the bound is not an accident.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(points)
    save_arrays(
        path,
        weights=mixture.weights_,
        means=mixture.means_.astype(np.float32),
        factors=np.linalg.cholesky(mixture.covariances_).astype(np.float32),
    )


def _latents(run: Run, _settings: MixtureSettings) -> Mixture:
    with np.load(run.folder / _MIXTURE_FILE) as stored:
        return Mixture(build_alias_table(stored["weights"]), stored["means"], stored["factors"])


def _notes(run: Run, settings: MixtureSettings) -> Sequence[str]:
    kept = len(encodings(run).mean)
    return (
        (
            f"Latent points come from a mixture of {settings.mixture.components} Gaussians, fitted to the "
            f"encodings of {kept:,} training events in at most {settings.mixture.iterations} iterations; no "
            "event is replayed."
        ),
        (
            "The source tells neither layers nor latent space. They are smaller than those of Experiment 0, "
            f"with {settings.network.latent} dimensions, as each Gaussian has a covariance matrix."
        ),
        LIKELIEST,
        SIDE_BY_SIDE,
    )


ARCHITECTURE: Final = WholeEventVAE(
    description="Whole events from a VAE whose latent points come from a Bayesian Gaussian mixture",
    reference="The work before the source thesis: beta- or alpha-VAE with a Bayesian Gaussian mixture",
    settings=MixtureSettings,
    latents=_latents,
    notes=_notes,
    prepare_latents=_prepare_latents,
)
