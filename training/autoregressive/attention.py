"""Attention between objects, biased by what pairs of them have to do with each other.

Here and in the modules that build on it, n queries meet j sources: their pairs have the shape [j, n, ...],
or [j * n, ...] where nothing is broadcast. What is known of them in single numbers comes as columns [..., n],
for onnxruntime computes fast along a long last axis and, with a number or with something broadcast, tens of
times as slowly along an axis of 1.
"""

from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats

_LARGEST: Final = 30.0
"""Logits of attention go no higher: their exponentials are summed as they are."""


class Affine(tf.Module):  # type: ignore[misc] # TensorFlow ships no types
    """x W + b over the last axis.

    Args:
        rng: Of the initial weights, normal with variance scale^2 / inputs.
        inputs: Width of x.
        outputs: Width of the result.
        scale: Of the initial weights.
        bias: Initial b; None for a map without.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        inputs: int,
        outputs: int,
        scale: float = 1.0,
        bias: Floats | float | None = 0.0,
    ) -> None:
        super().__init__()
        weights = rng.standard_normal((inputs, outputs)) * scale / np.sqrt(inputs)
        self.kernel = tf.Variable(weights.astype(np.float32))
        self.bias = None if bias is None else tf.Variable(np.broadcast_to(np.float32(bias), outputs))

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        """The result, [n, outputs] or [j, n, outputs], of x [n, inputs] or [j, n, inputs]."""
        product = times(x, self.kernel)
        return product if self.bias is None else product + self.bias

    def closed(self, x: tf.Tensor) -> tf.Tensor:
        """The result for x [n, inputs], its first column once more behind the last, as on a circle."""
        product = tf.matmul(x, tf.concat([self.kernel, self.kernel[:, :1]], axis=1))
        return product if self.bias is None else product + tf.concat([self.bias, self.bias[:1]], axis=0)

    def of_columns(self, x: tf.Tensor) -> tf.Tensor:
        """The same of x whose first axis, not its last, is that of the inputs."""
        return self(tf.transpose(x, (*range(1, len(x.shape)), 0)))

    def to_columns(self, x: tf.Tensor) -> tf.Tensor:
        """The result for x [n, inputs] as columns, [outputs, n]."""
        product = tf.matmul(self.kernel, x, transpose_a=True, transpose_b=True)
        return product if self.bias is None else product + tf.expand_dims(self.bias, 1)


class AttentionLayer(tf.Module):  # type: ignore[misc]
    """Attention with a bias from pairs, then a feed-forward network, both with residuals.

    Args:
        rng: Of the initial weights.
        width: Of its rows.
        attention: Of keys and values, all heads together.
        heads: Number of heads.
        feedforward: Hidden units after attention.
    """

    def __init__(
        self, rng: np.random.Generator, *, width: int, attention: int, heads: int, feedforward: int
    ) -> None:
        super().__init__()
        each = attention // heads
        members = np.repeat(np.eye(heads, dtype=np.float32), each, axis=0)
        # Sums over the columns of each head, and the spreading of a number over them, as products.
        self._head_sums = members / np.sqrt(each).astype(np.float32)
        self._spread = members.T
        self.qkv = Affine(rng, width, 3 * attention)
        self.out = Affine(rng, attention, width, 0.5)
        self.up = Affine(rng, width, feedforward)
        self.down = Affine(rng, feedforward, width, 0.5)

    def project(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Query, key and value of each row of x, [n, attention] each."""
        query, key, value = tf.split(self.qkv(normed(x)), 3, axis=1)
        return query, key, value

    def attend(
        self,
        query: tf.Tensor,
        keys: tf.Tensor,
        values: tf.Tensor,
        bias: tf.Tensor,
        number: int | tf.Tensor,
        visible: tf.Tensor | None = None,
    ) -> tf.Tensor:
        """What queries see, [n, attention].

        Args:
            query: From `project`, [n, attention].
            keys: Of the positions that each query may see, itself among them, [j, n, attention].
            values: [j, n, attention].
            bias: Of each pair and head, [j, n, heads].
            number: j.
            visible: 1 for those that it sees, else 0, [j, n], or None for all.
        """
        logits = times(query * keys, self._head_sums) + bias
        shares = tf.exp(tf.minimum(logits, _LARGEST))
        if visible is not None:
            shares *= visible[..., None]
        total = tf.matmul(over_sources(shares, number) + 1e-20, self._spread)
        return over_sources(times(shares, self._spread) * values, number) / total

    def update(self, x: tf.Tensor, seen: tf.Tensor) -> tf.Tensor:
        """Rows [n, width] after the layer, from those before it and what `attend` gave."""
        x += self.out(seen)
        return x + self.down(tf.nn.relu(self.up(normed(x))))


def times(x: tf.Tensor, kernel: tf.Tensor) -> tf.Tensor:
    """Rows x [n, inputs] or [j, n, inputs] times a kernel [inputs, outputs]."""
    if len(x.shape) == 2 or x.shape[0] is None:
        return tf.matmul(x, kernel)
    # Of rank 2, since the gradient of a product with more ranks is many times as slow.
    flat = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), kernel)
    return tf.reshape(flat, (x.shape[0], -1, flat.shape[-1]))


def over_sources(x: tf.Tensor, j: int | tf.Tensor) -> tf.Tensor:
    """The sum over j sources of pairs x, [j, n, width] or [j * n, width], [n, width]."""
    width = x.shape[-1]
    if isinstance(j, int):
        return tf.reshape(x, (-1, width)) if j == 1 else tf.reduce_sum(tf.reshape(x, (j, -1, width)), axis=0)
    # A product with ones: onnxruntime's sum over a first axis takes seven times as long.
    return tf.reshape(tf.matmul(tf.ones((1, j)), tf.reshape(x, (j, -1))), (-1, width))


def normed(x: tf.Tensor) -> tf.Tensor:
    """Rows of x [n, width] over their root mean squares (Zhang and Sennrich, arXiv:1910.07467)."""
    mean = tf.reduce_mean(tf.square(x), axis=1)
    return x * tf.expand_dims(tf.math.rsqrt(mean + 1e-6), 1)
