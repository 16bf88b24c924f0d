"""The variator: what lies between encoder and decoder of a variational autoencoder (thesis, section 4.2)."""

from typing import Annotated, Literal, TypeAlias

import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from training.config import STRICT


@dataclass(frozen=True, slots=True, config=STRICT)
class BetaVariator:
    """Gaussian encodings of learnt width, held to the standard normal by the Kullback-Leibler divergence.

    Attributes:
        beta: Weight of the divergence.
        loss: ``weighted`` for L_rec + beta * L_KL (thesis eq. 4.2), ``convex`` for
            (1 - beta) * L_rec + beta * L_KL (eq. 4.1, and the earlier work).
    """

    beta: Annotated[float, Field(ge=0)]
    loss: Literal["weighted", "convex"] = "weighted"

    def latent(self, mean: tf.Tensor, log_variance: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """An encoding drawn for each row: z = noise * exp(log(sigma^2) / 2) + mean."""
        return mean + noise * tf.exp(0.5 * log_variance)

    def total(self, reconstruction: tf.Tensor, mean: tf.Tensor, log_variance: tf.Tensor) -> tf.Tensor:
        """The loss.

        L_KL is the mean over rows *and latent dimensions*: summed over the latent space, the thesis' beta of
        1.5 would outweigh unit-variance data and the decoder would learn nothing but its mean.
        """
        divergence = -0.5 * tf.reduce_mean(1 + log_variance - tf.square(mean) - tf.exp(log_variance))
        share = 1 - self.beta if self.loss == "convex" else 1.0
        return share * reconstruction + self.beta * divergence


@dataclass(frozen=True, slots=True, config=STRICT)
class AlphaVariator:
    """Encodings are points, smeared by noise of fixed width (thesis, section 4.2.1).

    Attributes:
        alpha: Standard deviation of the noise.
    """

    alpha: Annotated[float, Field(gt=0)]

    def latent(self, mean: tf.Tensor, log_variance: tf.Tensor | None, noise: tf.Tensor) -> tf.Tensor:  # noqa: ARG002
        """An encoding drawn for each row: z = mean + alpha * noise."""
        return mean + self.alpha * noise

    def total(self, reconstruction: tf.Tensor, mean: tf.Tensor, log_variance: tf.Tensor | None) -> tf.Tensor:  # noqa: ARG002
        """The loss: the reconstruction alone."""
        return reconstruction


Variator: TypeAlias = BetaVariator | AlphaVariator
