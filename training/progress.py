"""How a fit goes on, and when it is over."""

import math
from dataclasses import dataclass, field, replace

from training.config import FitConfig


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a fit stands.

    Attributes:
        epoch: Epochs done.
        best_epoch: The epoch with the lowest validation loss, counted from 1.
        best_loss: That loss.
        losses: Training and validation loss of each epoch.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    losses: tuple[tuple[float, float], ...] = field(default=())

    def after(self, train_loss: float, validation_loss: float) -> "Progress":
        """The progress after one more epoch."""
        progress = replace(self, epoch=self.epoch + 1, losses=(*self.losses, (train_loss, validation_loss)))
        if validation_loss < self.best_loss:
            progress = replace(progress, best_epoch=progress.epoch, best_loss=validation_loss)
        return progress

    def learning_rate(self, fit: FitConfig) -> float:
        """The learning rate of the next epoch, by the schedule of the fit."""
        if fit.schedule == "cosine":
            return fit.learning_rate * (1 + math.cos(math.pi * self.epoch / fit.epochs)) / 2
        rate, best, waited = fit.learning_rate, float("inf"), 0
        for train_loss, _ in self.losses if fit.decay_patience else ():
            waited = 0 if train_loss < best else waited + 1
            best = min(best, train_loss)
            if waited == fit.decay_patience:
                rate, waited = rate * fit.decay, 0
        return rate

    def is_over(self, fit: FitConfig) -> bool:
        """Whether the last epoch is done, or the patience exhausted."""
        return self.epoch >= fit.epochs or self.epoch - self.best_epoch >= fit.patience
