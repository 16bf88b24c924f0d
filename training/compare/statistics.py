"""How far two samples are apart: shifts of means, and what a classifier makes of all observables together."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.compare.observables import Observable

_FOLDS: Final = 5
_FEWEST: Final = 20


@dataclass(frozen=True, slots=True)
class Shift:
    """The difference of an observable's mean in two samples.

    Attributes:
        mean: Mean in the first sample, the authority.
        other_mean: Mean in the second.
        sigmas: Their difference in standard deviations of the first sample.
        error: Statistical error of that.
    """

    mean: float
    other_mean: float
    sigmas: float
    error: float


@dataclass(frozen=True, slots=True)
class Separation:
    """What a classifier can tell.

    Attributes:
        auc: Area under its receiver operating characteristic; 0.5 if it can tell nothing.
        error: Statistical error of the area.
        events: Number of events of both samples.
    """

    auc: float
    error: float
    events: tuple[int, int]


def shift(first: Observable, second: Observable) -> Shift | None:
    """The shift of an observable; None where too few events have it."""
    a, b = (one.values[np.isfinite(one.values)] for one in (first, second))
    if min(len(a), len(b)) < _FEWEST:
        return None
    spread = float(a.std()) or 1.0
    error = np.hypot(a.std() / np.sqrt(len(a)), b.std() / np.sqrt(len(b)))
    return Shift(float(a.mean()), float(b.mean()), float(b.mean() - a.mean()) / spread, float(error) / spread)


def separation(first: dict[str, Observable], second: dict[str, Observable], seed: int) -> Separation:
    """Train boosted trees to tell two samples apart by all observables.

    Each event is judged by trees that were trained without it, in five folds, with both samples weighted
    alike. The error is that of Hanley and McNeil (Radiology 143, 1982), which leaves out the fluctuations of
    the training.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415

    samples = [np.column_stack([one.values for one in sample.values()]) for sample in (first, second)]
    truth = np.repeat([1, 0], [len(sample) for sample in samples])
    trees = HistGradientBoostingClassifier(
        max_iter=80,
        learning_rate=0.06,
        max_leaf_nodes=12,
        l2_regularization=1.0,
        class_weight="balanced",
        random_state=seed,
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    score = cross_val_predict(trees, np.vstack(samples), truth, cv=folds, method="predict_proba")[:, 1]
    auc = float(roc_auc_score(truth, score))
    counts = (len(samples[0]), len(samples[1]))
    return Separation(auc, _auc_error(auc, *counts), counts)


def _auc_error(auc: float, n: int, m: int) -> float:
    both_above, both_below = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc) + (n - 1) * (both_above - auc**2) + (m - 1) * (both_below - auc**2)
    return float(np.sqrt(variance / (n * m)))
