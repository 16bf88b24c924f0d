"""A Wasserstein GAN with gradient penalty over rows of whole events, and how it is fitted.

Gulrajani et al., arXiv:1704.00028, algorithm 1. The critic sees types as shares, as in its section 5.4 on
discrete data; a generated event has the likeliest ones.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass
from typing_extensions import override

from training.config import STRICT, FitConfig
from training.event_rows import N_CLASSES, EventRows
from training.fit import Fitter, TrainingRows

_PER_SLOT: Final = 4


@dataclass(frozen=True, slots=True, config=STRICT)
class GANConfig:
    """Shape of the networks, and how the critic is fitted.

    Attributes:
        latent: Normal numbers that an event is made of.
        generator: Units of the generator's dense layers before the linear one.
        critic: Units of the critic's.
        critic_steps: Steps of the critic for each step of the generator.
        penalty: Weight of the gradient penalty.
    """

    latent: Annotated[int, Field(ge=1)]
    generator: tuple[int, ...]
    critic: tuple[int, ...]
    critic_steps: Annotated[int, Field(ge=1)]
    penalty: Annotated[float, Field(ge=0)]


class WassersteinGAN:
    """A generator of network rows and a critic of them.

    Args:
        rows: The layout of a row, with slots for any type.
        config: Shape of the networks.
        seed: Of the initial weights.
    """

    def __init__(self, rows: EventRows, config: GANConfig, *, seed: int) -> None:
        self.config = config
        # An event for the critic's step, one for the generator's, and where between real and made to look.
        self.noise_width = 2 * config.latent + 1
        self._rows = rows
        seeds = keras.random.SeedGenerator(seed)
        self.generator = _network(config.latent, config.generator, sum(rows.widths), "relu", seeds)
        self.critic = _network(sum(rows.widths), config.critic, 1, "leaky_relu", seeds)

    @property
    def weights(self) -> Sequence[Any]:
        """Those of both networks."""
        return [*self.generator.weights, *self.critic.weights]

    @property
    def trainable_variables(self) -> Sequence[Any]:
        """The generator's."""
        return self.generator.trainable_variables  # type: ignore[no-any-return]

    def outputs(self, latent: tf.Tensor) -> list[tf.Tensor]:
        """MET, kinematics and the logits of the types of each slot, in the order of a row."""
        columns: list[tf.Tensor] = tf.split(self.generator(latent), self._rows.widths, axis=1)
        return columns

    def soft_rows(self, latent: tf.Tensor) -> tf.Tensor:
        """Rows as the critic sees them, float32[n, sum(widths)]: shares of types."""
        met, kinematics, logits = self.outputs(latent)
        return self._joined(met, kinematics, tf.nn.softmax(_by_class(logits)))

    def hard_rows(self, latent: tf.Tensor) -> tf.Tensor:
        """Rows as they are generated, float32[n, sum(widths)]: the likeliest types."""
        met, kinematics, logits = self.outputs(latent)
        return self._joined(met, kinematics, tf.one_hot(tf.argmax(_by_class(logits), axis=2), N_CLASSES))

    def _joined(self, met: tf.Tensor, kinematics: tf.Tensor, types: tf.Tensor) -> tf.Tensor:
        present = tf.repeat(1 - types[:, :, -1], _PER_SLOT, axis=1)
        return tf.concat([met, kinematics * present, tf.reshape(types, (-1, self._rows.widths[2]))], axis=1)

    def batch_loss(self, rows: tf.Tensor, noise: tf.Tensor, *, training: bool) -> tf.Tensor:  # noqa: ARG002
        """The generator's loss, from the second part of the noise."""
        latent = self.config.latent
        return -tf.reduce_mean(self.critic(self.soft_rows(noise[:, latent : 2 * latent])))

    def critic_loss(self, rows: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Minus the critic's estimate of the distance between made and real rows, and the penalty."""
        made = self.soft_rows(noise[:, : self.config.latent])
        # The distribution function of a normal number is uniform.
        share = 0.5 * (1 + tf.math.erf(noise[:, -1:] / np.float32(np.sqrt(2))))
        between = share * rows + (1 - share) * made
        with tf.GradientTape() as tape:
            tape.watch(between)
            judged = tf.reduce_sum(self.critic(between))
        slope = tf.sqrt(tf.reduce_sum(tf.square(tape.gradient(judged, between)), axis=1) + 1e-12)
        distance = tf.reduce_mean(self.critic(made)) - tf.reduce_mean(self.critic(rows))
        return distance, self.config.penalty * tf.reduce_mean(tf.square(slope - 1))


class AdversarialFitter(Fitter):
    """A generator against a critic, otherwise as every `Fitter`.

    The critic's loss does not tell how good the generator is, so epochs are judged by the `mean_distance` of
    generated rows from the validation rows.
    """

    def __init__(self, model: WassersteinGAN, fit: FitConfig, *, seed: int, folder: Path) -> None:
        super().__init__(model, fit, seed=seed, folder=folder)
        self._gan = model
        self._optimizer = _adam(fit.learning_rate, model.generator)
        self._critic_optimizer = _adam(fit.learning_rate, model.critic)
        self._generate = tf.function(model.hard_rows, reduce_retracing=True)

    @override
    def _run_epoch(self, train: TrainingRows) -> float:
        self._critic_optimizer.learning_rate = self.progress.learning_rate(self.fit)
        return super()._run_epoch(train)

    @override
    def _steps(self, batches: tf.Tensor, first_step: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for i in tf.range(tf.shape(batches)[0]):
            noise = self._noise(first_step + i, tf.shape(batches)[1])
            with tf.GradientTape() as tape:
                distance, penalty = self._gan.critic_loss(batches[i], noise)
                loss = distance + penalty
            variables = self._gan.critic.trainable_variables
            self._critic_optimizer.apply(tape.gradient(loss, variables), variables)
            if (first_step + i + 1) % self._gan.config.critic_steps == 0:
                self._generator_step(batches[i], noise)
            total -= distance
        return total / tf.cast(tf.shape(batches)[0], tf.float32)

    def _generator_step(self, rows: tf.Tensor, noise: tf.Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = self._gan.batch_loss(rows, noise, training=True)
        variables = self._gan.trainable_variables
        self._optimizer.apply(tape.gradient(loss, variables), variables)

    @override
    def _validate(self, rows: npt.NDArray[np.float32]) -> float:
        noise = self._noise(tf.constant(-1), len(rows))[:, : self._gan.config.latent]
        return mean_distance(rows, self._generate(noise).numpy())

    @override
    def _variables(self) -> Sequence[Any]:
        return [*super()._variables(), *self._critic_optimizer.variables]


def mean_distance(truth: npt.NDArray[np.float32], sample: npt.NDArray[np.float32]) -> float:
    """Wasserstein distance of each column of rows, as many on both sides, averaged (thesis eq. 6.1)."""
    return float(np.abs(np.sort(truth, axis=0) - np.sort(sample, axis=0)).mean(dtype=np.float64))


def _by_class(logits: tf.Tensor) -> tf.Tensor:
    return tf.reshape(logits, (-1, logits.shape[1] // N_CLASSES, N_CLASSES))


def _adam(learning_rate: float, network: keras.Model) -> keras.optimizers.Adam:
    optimizer = keras.optimizers.Adam(learning_rate, beta_1=0.0, beta_2=0.9)
    optimizer.build(network.trainable_variables)
    return optimizer


def _network(
    inputs: int, units: Sequence[int], outputs: int, activation: str, seeds: keras.random.SeedGenerator
) -> keras.Sequential:
    def dense(width: int, activation: str | None) -> keras.layers.Dense:
        he = keras.initializers.HeNormal(seed=seeds)
        return keras.layers.Dense(width, activation=activation, kernel_initializer=he)

    hidden = [dense(width, activation) for width in units]
    return keras.Sequential([keras.Input((inputs,)), *hidden, dense(outputs, None)])
