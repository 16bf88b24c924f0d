from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from events.batch import Floats
from tests.support.vae import FEATURES, FIT, jets, tiny_vae, write_rows
from training.config import FitConfig
from training.data.circular import CircularRows
from training.fit import Fitter, NonFiniteLossError, load_best
from training.progress import Progress
from training.transform import Standardisation

SCALING = Standardisation.fit(FEATURES, [jets(2000)])


def fit(folder: Path, config: FitConfig, *, seed: int = 3) -> Fitter:
    model = tiny_vae(seed)
    fitter = Fitter(model, config, seed=seed, folder=folder / "network")
    fitter.resume()
    table = write_rows(folder / "jets.parquet", jets(2000))
    rows = CircularRows(
        [table], FEATURES, SCALING.forward, batch_size=50, seed=seed, epoch=fitter.progress.epoch
    )
    fitter.run(rows, SCALING.forward(jets(500, seed=6)), lambda _: None)
    return fitter


def weights(fitter: Fitter) -> Floats:
    return np.concatenate([variable.numpy().ravel() for variable in fitter.model.trainable_variables])


def test_the_loss_falls_and_is_told_for_each_epoch(tmp_path: Path) -> None:
    losses = fit(tmp_path, FIT).progress.losses
    assert len(losses) == FIT.epochs
    assert losses[-1][1] < 0.9 * losses[0][1]


@pytest.mark.parametrize("config", [FIT, replace(FIT, clip=0.1, average=0.9)], ids=["plain", "averaged"])
def test_a_resumed_fit_ends_with_the_weights_of_one_that_was_not_stopped(
    config: FitConfig, tmp_path: Path
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = fit(tmp_path / "whole", config)
    fit(tmp_path / "parts", replace(config, epochs=2))
    resumed = fit(tmp_path / "parts", config)
    assert resumed.progress == whole.progress
    assert np.array_equal(weights(resumed), weights(whole))


def test_the_weights_that_are_used_are_the_running_average(tmp_path: Path) -> None:
    fit(tmp_path, replace(FIT, epochs=1, patience=1, average=0.95))
    with (
        np.load(tmp_path / "network" / "best.npz") as best,
        np.load(tmp_path / "network" / "last.npz") as last,
    ):
        n = len(tiny_vae(3).trainable_variables)
        averages = [best[f"v{len(best.files) - 1 - n + i}"] for i in range(n)]
        for i, average in enumerate(averages):
            np.testing.assert_array_equal(best[f"v{i}"], average)
        assert any(not np.array_equal(last[f"v{i}"], average) for i, average in enumerate(averages))


def test_long_gradients_are_shortened(tmp_path: Path) -> None:
    clipped = fit(tmp_path, replace(FIT, epochs=1, clip=1e-9))
    # Adam divides by the size of gradients, but adds 1e-7 to it.
    started = np.concatenate([one.numpy().ravel() for one in tiny_vae(3).trainable_variables])
    assert np.abs(weights(clipped) - started).max() < 0.01


def test_the_seed_decides_the_weights(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "abc"]
    for folder in folders:
        folder.mkdir()
    one, same, other = (
        weights(fit(folder, replace(FIT, epochs=1), seed=seed))
        for folder, seed in zip(folders, (3, 3, 4), strict=True)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_best_weights_can_be_loaded(tmp_path: Path) -> None:
    fitter = fit(tmp_path, FIT)
    model = tiny_vae(9)
    assert load_best(model, tmp_path / "network").best_loss == fitter.progress.best_loss
    for ours, theirs in zip(model.trainable_variables, fitter.model.trainable_variables, strict=True):
        assert np.array_equal(ours.numpy(), theirs.numpy())


def test_weights_that_were_never_fitted_cannot_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="train this network first"):
        load_best(tiny_vae(9), tmp_path)


def test_a_diverging_fit_says_so(tmp_path: Path) -> None:
    with pytest.raises(NonFiniteLossError, match="learning rate"):
        fit(tmp_path, replace(FIT, learning_rate=1e12, epochs=20))


def test_patience_ends_a_fit() -> None:
    config = replace(FIT, epochs=100, patience=2)
    progress = Progress().after(1.0, 1.0).after(0.9, 0.8)
    assert not progress.after(0.8, 0.9).is_over(config)
    assert progress.after(0.8, 0.9).after(0.7, 0.85).is_over(config)
    assert progress.best_epoch == 2


def test_the_learning_rate_decays_once_for_each_plateau_of_the_training_loss() -> None:
    config = replace(FIT, decay=0.1, decay_patience=2)
    progress = Progress()
    rates = []
    for loss in (1.0, 0.9, 0.9, 0.95, 0.8, 0.81, 0.82, 0.83, 0.84):
        progress = progress.after(loss, loss)
        rates.append(progress.learning_rate(config) / FIT.learning_rate)
    assert rates == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.001])
    assert progress.learning_rate(FIT) == FIT.learning_rate


def test_the_learning_rate_falls_as_half_a_cosine() -> None:
    config = replace(FIT, epochs=4, schedule="cosine")
    progress, rates = Progress(), []
    for loss in (1.0, 0.9, 0.8, 0.7):
        rates.append(progress.learning_rate(config) / FIT.learning_rate)
        progress = progress.after(loss, loss)
    assert rates == pytest.approx([1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5])
