"""Fit one network: epochs with early stopping, a checkpoint after each, resumable to the bit."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Protocol

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.config import FitConfig
from training.progress import Progress

_STEPS_PER_CALL: Final = 128
_VALIDATION_ROWS: Final = 8192
_LAST: Final = "last.npz"
_BEST: Final = "best.npz"


class Fittable(Protocol):
    """A network that a `Fitter` can fit."""

    @property
    def noise_width(self) -> int:
        """Standard normal numbers that a row takes."""

    @property
    def weights(self) -> Sequence[Any]:
        """All variables that a checkpoint must hold."""

    @property
    def trainable_variables(self) -> Sequence[Any]:
        """Those that the optimiser changes."""

    def batch_loss(self, rows: tf.Tensor, noise: tf.Tensor, *, training: bool) -> tf.Tensor:
        """The loss of rows float32[n, features] with noise float32[n, noise_width]."""


class TrainingRows(Protocol):
    """Rows in an order of each epoch's own."""

    def __len__(self) -> int:
        """Batches of an epoch."""

    def rows(self, start: int, stop: int) -> npt.NDArray[np.float32]:
        """Rows start to stop - 1 of this epoch, counted on past the end."""

    def on_epoch_end(self) -> None:
        """Go on to the next epoch's order."""


class NonFiniteLossError(ArithmeticError):
    """The loss is no longer a number: the fit diverged."""


class Fitter:
    """A network, its optimiser and their checkpoints.

    The noise of a step is a pure function of seed and step, the order of rows one of seed and epoch. A fit
    that was stopped after any epoch therefore ends with the same weights as one that was not.

    Args:
        model: The network.
        fit: How to fit it.
        seed: Of the noise.
        folder: For checkpoints: `last.npz` to resume from, `best.npz` to use, `progress.json` to read.
    """

    def __init__(self, model: Fittable, fit: FitConfig, *, seed: int, folder: Path) -> None:
        self.model = model
        self.fit = fit
        self.folder = folder
        self.progress = Progress()
        self._seed = seed
        self._optimizer = keras.optimizers.Adam(fit.learning_rate, global_clipnorm=fit.clip or None)
        self._optimizer.build(model.trainable_variables)
        self._averages = [tf.Variable(one) for one in model.trainable_variables] if fit.average else []
        self._train_steps = tf.function(self._steps, jit_compile=True)
        self._validate_chunk = tf.function(self._validation_loss, reduce_retracing=True)
        folder.mkdir(parents=True, exist_ok=True)

    def run(
        self, train: TrainingRows, validation: npt.NDArray[np.float32], report: Callable[[Progress], None]
    ) -> None:
        """Fit until it is over, then put the best weights into the model.

        Args:
            train: The training rows.
            validation: The validation rows, float32[n, features]; without any, the training loss decides.
            report: Called after each epoch.

        Raises:
            NonFiniteLossError: If the loss is not finite.
        """
        while not self.progress.is_over(self.fit):
            self._optimizer.learning_rate = self.progress.learning_rate(self.fit)
            train_loss = self._run_epoch(train)
            with self._averaged():
                validation_loss = self._validate(validation) if len(validation) else train_loss
            if not np.isfinite(train_loss + validation_loss):
                raise NonFiniteLossError(
                    f"the loss is not finite after epoch {self.progress.epoch + 1}: "
                    f"try a learning rate below {self.fit.learning_rate}"
                )
            self.progress = self.progress.after(train_loss, validation_loss)
            self._save()
            train.on_epoch_end()
            report(self.progress)
        _load(self.folder / _BEST, self._variables())

    def resume(self) -> None:
        """Go on from the last checkpoint, if there is one."""
        if (self.folder / _LAST).exists():
            self.progress = _load(self.folder / _LAST, self._variables())

    def _run_epoch(self, train: TrainingRows) -> float:
        calls = -(-len(train) // _STEPS_PER_CALL)
        # Equal calls compile once; the rows are circular, so a few steps more do no harm.
        steps = -(-len(train) // calls)
        total = 0.0
        for call in range(calls):
            first = call * steps * self.fit.batch_size
            rows = train.rows(first, first + steps * self.fit.batch_size)
            batches = rows.reshape(steps, self.fit.batch_size, -1)
            step = self.progress.epoch * calls * steps + call * steps
            total += float(self._train_steps(tf.constant(batches), tf.constant(step)))
        return total / calls

    def _steps(self, batches: tf.Tensor, first_step: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for i in tf.range(tf.shape(batches)[0]):
            noise = self._noise(first_step + i, tf.shape(batches)[1])
            with tf.GradientTape() as tape:
                loss = self.model.batch_loss(batches[i], noise, training=True)
            gradients = tape.gradient(loss, self.model.trainable_variables)
            self._optimizer.apply(gradients, self.model.trainable_variables)
            for average, one in zip(self._averages, self.model.trainable_variables, strict=False):
                average.assign(self.fit.average * average + (1 - self.fit.average) * one)
            total += loss
        return total / tf.cast(tf.shape(batches)[0], tf.float32)

    def _noise(self, step: tf.Tensor, rows: tf.Tensor) -> tf.Tensor:
        return tf.random.stateless_normal((rows, self.model.noise_width), seed=tf.stack([self._seed, step]))

    def _validate(self, rows: npt.NDArray[np.float32]) -> float:
        chunks = np.split(rows, range(_VALIDATION_ROWS, len(rows), _VALIDATION_ROWS))
        losses = [float(self._validate_chunk(tf.constant(chunk), i)) for i, chunk in enumerate(chunks)]
        return float(np.average(losses, weights=[len(chunk) for chunk in chunks]))

    def _validation_loss(self, rows: tf.Tensor, chunk: tf.Tensor) -> tf.Tensor:
        # Negative steps: noise that no training step sees, the same in every epoch.
        return self.model.batch_loss(rows, self._noise(-1 - chunk, tf.shape(rows)[0]), training=False)

    def _variables(self) -> Sequence[Any]:
        return [*self.model.weights, *self._optimizer.variables, *self._averages]

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        """The running averages in place of the weights, if there are any."""
        pairs = list(zip(self.model.trainable_variables, self._averages, strict=False))
        kept = [one.numpy() for one, _ in pairs]
        for one, average in pairs:
            one.assign(average)
        yield
        for (one, _), value in zip(pairs, kept, strict=True):
            one.assign(value)

    def _save(self) -> None:
        if self.progress.epoch == self.progress.best_epoch:
            with self._averaged():
                self._write(_BEST)
        self._write(_LAST)
        (self.folder / "progress.json").write_text(json.dumps(asdict(self.progress), indent=2))

    def _write(self, name: str) -> None:
        values = {f"v{i}": variable.numpy() for i, variable in enumerate(self._variables())}
        partial = self.folder / f"{name}.partial"
        with partial.open("wb") as file:
            np.savez(file, progress=np.array(json.dumps(asdict(self.progress))), **values)
        partial.replace(self.folder / name)


def is_fitted(folder: Path, fit: FitConfig) -> bool:
    """Whether the fit whose checkpoints lie in a folder is over."""
    return (folder / _LAST).exists() and _load(folder / _LAST, []).is_over(fit)


def load_best(model: Fittable, folder: Path) -> Progress:
    """Put the best weights of a fit into the model and tell how the fit went.

    Raises:
        FileNotFoundError: If the fit has no checkpoint yet.
    """
    if not (folder / _BEST).exists():
        raise FileNotFoundError(f"{folder / _BEST} does not exist: train this network first")
    return _load(folder / _BEST, model.weights)


def _load(path: Path, variables: Sequence[Any]) -> Progress:
    with np.load(path) as stored:
        for i, variable in enumerate(variables):
            variable.assign(stored[f"v{i}"])
        progress = json.loads(str(stored["progress"]))
    progress["losses"] = tuple(map(tuple, progress["losses"]))
    return Progress(**progress)
