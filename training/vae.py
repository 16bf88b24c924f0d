"""The beta-VAE of the thesis, section 7.5.3.

beta-VAE: Higgins et al., ICLR 2017; loss L_rec + beta * L_KL: thesis eq. 4.2.
"""

import keras
import tensorflow as tf

from training.config import NetworkConfig


class BetaVAE(keras.Model):  # type: ignore[misc] # keras ships no types
    """Encoder, variator and decoder of one table's rows, float32[n, features].

    Args:
        features: Number of features of a row.
        network: Units and latent dimensions.
        seed: Of the initial weights.
    """

    def __init__(self, features: int, network: NetworkConfig, *, seed: int) -> None:
        super().__init__()
        seeds = keras.random.SeedGenerator(seed)
        self.encoder = keras.Sequential(
            [
                keras.Input((features,)),
                *(_dense(units, seeds, "relu") for units in network.encoder),
                _dense(network.latent, seeds),
            ],
            name="encoder",
        )
        hidden = keras.Input((network.latent,))
        heads = [_dense(network.latent, seeds)(hidden), _dense(network.latent, seeds)(hidden)]
        self.heads = keras.Model(hidden, heads, name="heads")
        self.decoder = keras.Sequential(
            [
                keras.Input((network.latent,)),
                *(_dense(units, seeds, "relu") for units in network.decoder),
                _dense(features, seeds),
            ],
            name="decoder",
        )
        self.built = True

    def call(self, rows: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Reconstruction [n, features], latent means and log variances [n, latent].

        Args:
            rows: Standardised features, float32[n, features].
            noise: Standard normal numbers, float32[n, latent].
        """
        mean, log_variance = self.heads(self.encoder(rows))
        return self.decoder(mean + noise * tf.exp(0.5 * log_variance)), mean, log_variance

    def loss_terms(self, rows: tf.Tensor, noise: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """L_rec and L_KL of a batch.

        L_rec is the mean squared error over rows and features. L_KL is the mean over rows *and latent
        dimensions*: summed over the latent space, the thesis' beta of 1.5 would outweigh unit-variance data
        and the decoder would learn nothing but its mean.
        """
        reconstruction, mean, log_variance = self(rows, noise)
        error = tf.reduce_mean(tf.square(rows - reconstruction))
        divergence = -0.5 * tf.reduce_mean(1 + log_variance - tf.square(mean) - tf.exp(log_variance))
        return error, divergence


def _dense(
    units: int, seeds: keras.random.SeedGenerator, activation: str | None = None
) -> keras.layers.Dense:
    glorot = keras.initializers.GlorotUniform(seed=seeds)
    return keras.layers.Dense(units, activation=activation, kernel_initializer=glorot)
