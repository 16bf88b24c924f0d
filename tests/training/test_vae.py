from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.support.vae import FEATURES, FIT, NETWORK, jets, write_rows
from training.config import FitConfig
from training.data.circular import CircularRows
from training.fit import Fitter
from training.transform import Standardisation
from training.vae import VAE, Head
from training.variator import AlphaVariator, BetaVariator, Variator

SCALING = Standardisation.fit(FEATURES, [jets(1000)])
ROWS = tf.constant(np.random.default_rng(1).standard_normal((50, 4)).astype(np.float32))
NOISE = tf.constant(np.random.default_rng(2).standard_normal((50, NETWORK.latent)).astype(np.float32))


def test_the_alpha_vae_has_only_noise_of_fixed_width_and_the_reconstruction_to_lose() -> None:
    model = VAE([Head(4)], NETWORK, AlphaVariator(alpha=0.3), seed=1)
    mean, log_variance = model.encode(ROWS)
    assert log_variance is None
    (decoded,) = model.decode(mean + 0.3 * NOISE)
    expected = np.mean((ROWS.numpy() - decoded.numpy()) ** 2)
    assert model.batch_loss(ROWS, NOISE).numpy() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("loss", "share"), [("weighted", 1.0), ("convex", 0.75)])
def test_the_beta_vae_weighs_the_divergence(loss: str, share: float) -> None:
    variator = BetaVariator(beta=0.25, loss="convex" if loss == "convex" else "weighted")
    model = VAE([Head(4)], NETWORK, variator, seed=1)
    mean, log_variance = map(np.array, model.encode(ROWS))
    (decoded,) = model.decode(tf.constant(mean + NOISE.numpy() * np.exp(log_variance / 2)))
    error = np.mean((ROWS.numpy() - decoded.numpy()) ** 2)
    divergence = np.mean((np.exp(log_variance) + mean**2 - 1 - log_variance) / 2)
    expected = share * error + 0.25 * divergence
    assert model.batch_loss(ROWS, NOISE).numpy() == pytest.approx(expected, rel=1e-4)


def test_each_head_loses_by_its_own_kind() -> None:
    columns, output = np.array([[1.0, 0.0, 0.0, 1.0]]), np.array([[2.0, -1.0, 0.5, 0.0]])
    tensors = tf.constant(columns, tf.float32), tf.constant(output, tf.float32)
    probability = 1 / (1 + np.exp(-output))
    binary = -columns * np.log(probability) - (1 - columns) * np.log(1 - probability)
    shares = np.exp(output.reshape(1, 2, 2))
    categorical = -np.log(shares / shares.sum(axis=2, keepdims=True))[0, [0, 1], [0, 1]]
    np.testing.assert_allclose(Head(4).errors(*tensors), (columns - output) ** 2, rtol=1e-6)
    np.testing.assert_allclose(Head(4, "binary").errors(*tensors), binary, rtol=1e-5)
    np.testing.assert_allclose(Head(4, "categorical", classes=2).errors(*tensors)[0], categorical, rtol=1e-5)


def test_entries_without_weight_teach_nothing() -> None:
    def half(rows: tf.Tensor) -> tf.Tensor:
        return tf.constant([[1.0, 0.0, 1.0, 0.0]]) * tf.ones_like(rows)

    model = VAE([Head(4, weights=half)], NETWORK, AlphaVariator(alpha=0.1), seed=1)
    (decoded,) = model.decode(model.encode(ROWS)[0] + 0.1 * NOISE)
    errors = (ROWS.numpy() - decoded.numpy()) ** 2
    assert model.batch_loss(ROWS, NOISE).numpy() == pytest.approx(np.mean(errors * [1, 0, 1, 0]), rel=1e-5)


@pytest.mark.parametrize("variator", [BetaVariator(beta=0.1), AlphaVariator(alpha=0.2)])
def test_a_resumed_fit_with_normalised_batches_ends_like_one_that_was_not_stopped(
    tmp_path: Path, variator: Variator
) -> None:
    network = replace(NETWORK, embedding=6, batch_normalisation=True)
    heads = [Head(2, encoder=(4,), decoder=(4,)), Head(2)]
    table = write_rows(tmp_path / "jets.parquet", jets(500))

    def fit(folder: str, config: FitConfig) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        fitter = Fitter(VAE(heads, network, variator, seed=3), config, seed=3, folder=tmp_path / folder)
        fitter.resume()
        rows = CircularRows(
            [table], FEATURES, SCALING.forward, batch_size=50, seed=3, epoch=fitter.progress.epoch
        )
        fitter.run(rows, SCALING.forward(jets(100, seed=6)), lambda _: None)
        return np.concatenate([variable.numpy().ravel() for variable in fitter.model.weights])

    short = replace(FIT, epochs=2)
    whole = fit("whole", short)
    fit("parts", replace(FIT, epochs=1))
    assert np.array_equal(fit("parts", short), whole)
