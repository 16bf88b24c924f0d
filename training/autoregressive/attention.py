"""Attention between objects, biased by what pairs of them have to do with each other."""

from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats
from training.autoregressive.objects import PAIR_FEATURES

_NEVER: Final = -1e9


class Affine(tf.Module):  # type: ignore[misc] # TensorFlow ships no types
    """x W + b over the last axis.

    Args:
        rng: Of the initial weights, normal with variance scale^2 / inputs.
        inputs: Width of x.
        outputs: Width of the result.
        scale: Of the initial weights.
        bias: Initial b.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        inputs: int,
        outputs: int,
        scale: float = 1.0,
        bias: Floats | float = 0.0,
    ) -> None:
        super().__init__()
        weights = rng.standard_normal((inputs, outputs)) * scale / np.sqrt(inputs)
        self.kernel = tf.Variable(weights.astype(np.float32))
        self.bias = tf.Variable(np.broadcast_to(np.float32(bias), outputs))

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """The result, of x's shape but for the last axis."""
        if len(x.shape) == 2 or x.shape[1] is None:
            return tf.matmul(x, self.kernel) + self.bias
        # Of rank 2, since the gradient of a product with more ranks is many times as slow.
        flat = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), self.kernel) + self.bias
        return tf.reshape(flat, (-1, *x.shape[1:-1], flat.shape[-1]))


class AttentionLayer(tf.Module):  # type: ignore[misc]
    """Attention with a bias from pairs, then a feed-forward network, both with residuals.

    Args:
        rng: Of the initial weights.
        width: Of its rows.
        attention: Of keys and values, all heads together.
        heads: Number of heads.
        feedforward: Hidden units after attention.
        pair: Hidden units for each pair of objects.
    """

    def __init__(
        self, rng: np.random.Generator, *, width: int, attention: int, heads: int, feedforward: int, pair: int
    ) -> None:
        super().__init__()
        each = attention // heads
        members = np.repeat(np.eye(heads, dtype=np.float32), each, axis=0)
        # Sums over the columns of each head, and the spreading of a number over them, as products.
        self._head_sums = members / np.sqrt(each).astype(np.float32)
        self._spread = members.T
        self.qkv = [Affine(rng, width, attention) for _ in range(3)]
        self.out = Affine(rng, attention, width, 0.5)
        self.pair = Affine(rng, PAIR_FEATURES, pair)
        self.bias = Affine(rng, pair, heads, 0.3)
        self.up = Affine(rng, width, feedforward)
        self.down = Affine(rng, feedforward, width, 0.5)
        self.gains = [tf.Variable(tf.ones(width)) for _ in range(2)]

    def project(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Query, key and value of each row of x, [n, attention] each."""
        scaled = normed(x, self.gains[0])
        query, key, value = (affine(scaled) for affine in self.qkv)
        return query, key, value

    def attend(
        self,
        query: tf.Tensor,
        keys: tf.Tensor,
        values: tf.Tensor,
        pairs: tf.Tensor,
        visible: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """What queries see, [n, attention].

        Args:
            query: From `project`, [n, attention].
            keys: Of the positions that each query may see, itself among them, [n, j, attention].
            values: [n, j, attention].
            pairs: Features of its pairs with their objects, [n, j, 8].
            visible: 1 for those that it sees, else 0, [n, j, 1], or None for all.
        """
        products = tf.matmul(query[:, None] * keys, self._head_sums)
        logits = products + self.bias(tf.nn.relu(self.pair(pairs)))
        if visible is not None:
            logits += (1 - visible) * np.float32(_NEVER)
        shares = tf.matmul(tf.nn.softmax(logits, axis=1), self._spread)
        return tf.reduce_sum(shares * values, axis=1)

    def update(self, x: tf.Tensor, seen: tf.Tensor) -> tf.Tensor:
        """Rows [n, width] after the layer, from those before it and what `attend` gave."""
        x += self.out(seen)
        return x + self.down(tf.nn.relu(self.up(normed(x, self.gains[1]))))


def normed(x: tf.Tensor, gain: tf.Tensor) -> tf.Tensor:
    """Rows of x over their root mean squares (Zhang and Sennrich, arXiv:1910.07467)."""
    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), axis=-1, keepdims=True) + 1e-6) * gain
