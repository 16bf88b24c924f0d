"""The variational autoencoders of the source documents: encoder, variator, decoder.

Every one of them is the same network with other numbers: the columns of a row fall into *heads*; each head
may have layers of its own before and after the common ones, and a loss that suits what its columns are.

alpha- and beta-VAE: thesis, section 4.2; beta-VAE: Higgins et al., ICLR 2017.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass as plain_dataclass
from typing import Literal

import keras
import tensorflow as tf
from pydantic.dataclasses import dataclass

from training.config import STRICT
from training.variator import BetaVariator, Variator


@dataclass(frozen=True, slots=True, config=STRICT)
class NetworkConfig:
    """Units of the common layers.

    Attributes:
        encoder: Of the encoder's dense layers behind the heads.
        latent: Dimensions of the latent space.
        decoder: Of the decoder's dense layers before the heads.
        embedding: Of a linear layer between the encoder and the variator; 0 for none.
        batch_normalisation: Whether that layer is normalised over the batch.
    """

    encoder: tuple[int, ...]
    latent: int
    decoder: tuple[int, ...]
    embedding: int = 0
    batch_normalisation: bool = False


@plain_dataclass(frozen=True, slots=True)
class Head:
    """Some columns of a row.

    Attributes:
        width: How many.
        loss: ``mse`` of numbers, ``binary`` cross-entropy of 0 and 1, ``categorical`` of one-hot groups.
        encoder: Units of its own dense layers before the common ones.
        decoder: Units of its own dense layers after the common ones.
        classes: Columns of a one-hot group.
        weights: Weight of each entry in the loss, from rows [n, f] to [n, width or 1]; all 1 if absent.
    """

    width: int
    loss: Literal["mse", "binary", "categorical"] = "mse"
    encoder: tuple[int, ...] = ()
    decoder: tuple[int, ...] = ()
    classes: int = 1
    weights: Callable[[tf.Tensor], tf.Tensor] | None = None

    def errors(self, columns: tf.Tensor, output: tf.Tensor) -> tf.Tensor:
        """The loss of each entry (of each group, if categorical) for what the decoder gives."""
        if self.loss == "mse":
            return tf.square(columns - output)
        if self.loss == "binary":
            return tf.nn.sigmoid_cross_entropy_with_logits(columns, output)
        groups = (-1, self.width // self.classes, self.classes)
        targets, logits = tf.reshape(columns, groups), tf.reshape(output, groups)
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)


class VAE(keras.Model):  # type: ignore[misc] # keras ships no types
    """Encoder, variator and decoder of rows float32[n, features]; the heads' columns make up a row.

    Args:
        heads: The columns of a row, in order.
        network: The common layers.
        variator: What happens in the latent space.
        seed: Of the initial weights.
    """

    def __init__(
        self, heads: Sequence[Head], network: NetworkConfig, variator: Variator, *, seed: int
    ) -> None:
        super().__init__()
        self.noise_width = network.latent
        self._heads = tuple(heads)
        self._variator = variator
        seeds = keras.random.SeedGenerator(seed)
        self.encoder = _encoder(self._heads, network, seeds)
        embedded = keras.Input(self.encoder.output_shape[1:])
        # The encodings of an alpha-VAE are points: it has no use for variances.
        n_parameters = 2 if isinstance(variator, BetaVariator) else 1
        parameters = [_dense(network.latent, seeds)(embedded) for _ in range(n_parameters)]
        self.parameters = keras.Model(embedded, parameters, name="parameters")
        self.decoder = _decoder(self._heads, network, seeds)
        self.built = True

    def encode(self, rows: tf.Tensor, *, training: bool = False) -> tuple[tf.Tensor, tf.Tensor | None]:
        """Means and, of a beta-VAE, log variances of the encodings, float32[n, latent] each."""
        embedded = self.encoder(self._columns(rows), training=training)
        # A list of one output comes back as that output alone.
        mean, *log_variance = tf.nest.flatten(self.parameters(embedded))
        return mean, (log_variance[0] if log_variance else None)

    def decode(self, latent: tf.Tensor) -> list[tf.Tensor]:
        """What the decoder gives for each head, float32[n, width]: numbers, or logits."""
        outputs: list[tf.Tensor] = tf.nest.flatten(self.decoder(latent))
        return outputs

    def batch_loss(self, rows: tf.Tensor, noise: tf.Tensor, *, training: bool = False) -> tf.Tensor:
        """The loss of a batch: the heads' mean losses added up, and what the variator makes of it.

        Args:
            rows: float32[n, features].
            noise: Standard normal numbers, float32[n, noise_width].
            training: Whether statistics over the batch are taken, and learnt.
        """
        mean, log_variance = self.encode(rows, training=training)
        outputs = self.decode(self._variator.latent(mean, log_variance, noise))
        reconstruction = tf.add_n(
            [
                tf.reduce_mean(head.errors(columns, output) * (head.weights(rows) if head.weights else 1.0))
                for head, columns, output in zip(self._heads, self._columns(rows), outputs, strict=True)
            ]
        )
        return self._variator.total(reconstruction, mean, log_variance)

    def _columns(self, rows: tf.Tensor) -> list[tf.Tensor]:
        columns: list[tf.Tensor] = tf.split(rows, [head.width for head in self._heads], axis=1)
        return columns


def _encoder(heads: Sequence[Head], network: NetworkConfig, seeds: keras.random.SeedGenerator) -> keras.Model:
    inputs = [keras.Input((head.width,)) for head in heads]
    joined = [_stack(entry, head.encoder, seeds) for entry, head in zip(inputs, heads, strict=True)]
    hidden = keras.layers.Concatenate()(joined) if len(joined) > 1 else joined[0]
    hidden = _stack(hidden, network.encoder, seeds)
    if network.embedding:
        hidden = _dense(network.embedding, seeds)(hidden)
    if network.batch_normalisation:
        hidden = keras.layers.BatchNormalization()(hidden)
    return keras.Model(inputs, hidden, name="encoder")


def _decoder(heads: Sequence[Head], network: NetworkConfig, seeds: keras.random.SeedGenerator) -> keras.Model:
    latent = keras.Input((network.latent,))
    hidden = _stack(latent, network.decoder, seeds)
    outputs = [_dense(head.width, seeds)(_stack(hidden, head.decoder, seeds)) for head in heads]
    return keras.Model(latent, outputs, name="decoder")


def _stack(
    tensor: keras.KerasTensor, units: Sequence[int], seeds: keras.random.SeedGenerator
) -> keras.KerasTensor:
    for count in units:
        tensor = _dense(count, seeds, "relu")(tensor)
    return tensor


def _dense(
    units: int, seeds: keras.random.SeedGenerator, activation: str | None = None
) -> keras.layers.Dense:
    glorot = keras.initializers.GlorotUniform(seed=seeds)
    return keras.layers.Dense(units, activation=activation, kernel_initializer=glorot)
