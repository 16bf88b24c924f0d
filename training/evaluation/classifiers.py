"""The classifier two-sample test: how well can a machine tell generated from true events?

Lopez-Paz and Oquab, arXiv:1610.06545. Calibrated weights p / (1 - p): Cranmer et al., arXiv:1506.02169. The
boosted trees are scikit-learn's: LightGBM's were neither stronger (AUC 0.545 against 0.549 on truth of which
a tenth is generated; statistical error 0.003) nor much faster (5.4 s against 6.6 s on one core).
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy.special import logit
from scipy.stats import rankdata
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_curve
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.class_weight import compute_sample_weight

from events.batch import Ints
from training.evaluation.histograms import histogram
from training.evaluation.judgement import Classifier, Figure, Histogram, Importance, Roc
from training.evaluation.matrix import Matrix, Standardiser, columns
from training.evaluation.observables import Observable

_FOLDS: Final = 5
_FEWEST_VALUES: Final = 25
_FARTHEST: Final = 10.0
_CERTAIN: Final = 1e-6
_WEAKLY_REGULAR: Final = 1e3
_WEIGHT_EDGES: Final = np.logspace(-3, 3, 61)
_EXPLAINED_EVENTS: Final = 5_000
_SHUFFLES: Final = 2
_TELLING: Final = 15
_FALSE_POSITIVE_RATES: Final = np.linspace(0, 1, 101)


class Fitted(Protocol):
    """A classifier after its training."""

    def predict_proba(self, x: Matrix) -> Matrix:
        """Probabilities of sample and truth, float64[n, 2]."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Events of both samples.

    Attributes:
        x: Observables, NaN where an event has none, [n, k].
        y: 1 for truth, 0 for the sample, int64[n].
    """

    x: Matrix
    y: Ints

    @classmethod
    def of(cls, truth: Matrix, sample: Matrix) -> Self:
        """Those of both samples."""
        return cls(np.concatenate([truth, sample]), np.repeat([1, 0], [len(truth), len(sample)]))

    @property
    def weights(self) -> Matrix:
        """Weights that let both samples count alike, float64[n]."""
        weights: Matrix = compute_sample_weight("balanced", self.y)
        return weights

    def take(self, chosen: npt.NDArray[Any]) -> Self:
        """Some of the events."""
        return replace(self, x=self.x[chosen], y=self.y[chosen])


def fit_trees(train: Labelled, validation: Labelled, seed: int) -> Fitted:
    """Boosted trees, as many as the validation events have use for."""
    trees = HistGradientBoostingClassifier(
        learning_rate=0.06,
        max_iter=300,
        min_samples_leaf=50,
        max_features=0.5,
        early_stopping=True,
        n_iter_no_change=10,
        random_state=seed,
    )
    trees.fit(
        train.x,
        train.y,
        sample_weight=train.weights,
        X_val=validation.x,
        y_val=validation.y,
        sample_weight_val=validation.weights,
    )
    return trees  # type: ignore[no-any-return] # scikit-learn ships no types


def fit_mlp(train: Labelled, _validation: Labelled, seed: int) -> Fitted:
    """A network with two hidden layers, stopped early on a tenth of the training events."""
    network = MLPClassifier(
        (128, 64),
        batch_size=min(512, len(train.y) // 2),
        early_stopping=True,
        n_iter_no_change=4,
        max_iter=40,
        random_state=seed,
    )
    prepare = FunctionTransformer(partial(_bounded, Standardiser.of(train.x)))
    both = make_pipeline(prepare, network)
    with warnings.catch_warnings():
        # 40 epochs are a limit of time, not a failure.
        warnings.simplefilter("ignore", ConvergenceWarning)
        both.fit(train.x, train.y, mlpclassifier__sample_weight=train.weights)
    return both  # type: ignore[no-any-return] # scikit-learn ships no types


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of classifier.

    Attributes:
        name: Name in figures.
        label: What it is, for people.
        fit: Fits one to train and validation events with a seed.
    """

    name: str
    label: str
    fit: Callable[[Labelled, Labelled, int], Fitted]


KINDS: Final = (Kind("trees", "boosted trees", fit_trees), Kind("mlp", "neural network", fit_mlp))


@dataclass(frozen=True, slots=True)
class _Trial:
    """A classifier and what it makes of events that it has not seen."""

    fitted: Fitted
    test: Labelled
    scores: Matrix
    probabilities: Matrix


def two_sample_test(
    kind: Kind,
    truth: Mapping[str, Observable],
    sample: Mapping[str, Observable],
    seed: int,
    *,
    few_events: int,
    explain: bool,
) -> tuple[Figure, Classifier]:
    """Train a classifier to tell two samples apart by all observables, and test it on other events.

    Three fifths of the events are learnt from, one fifth decides when to stop and calibrates, and one fifth
    is tested on. If either sample has few events, the fifths take turns, so that every event is tested on.

    Args:
        kind: What to train.
        truth: Observables of truth.
        sample: Observables of the sample.
        seed: Of the fifths and of the training.
        few_events: Below this number of events the fifths take turns.
        explain: Whether to measure which observables the classifier tells by.
    """
    names = _occurring(truth, sample)
    parts = [columns(one, names) for one in (truth, sample)]
    data = Labelled.of(*parts)
    turns = _FOLDS if min(len(part) for part in parts) < few_events else 1
    folds = _folds(data.y, seed)
    trials = [_trial(kind, data, (folds - turn) % _FOLDS, seed) for turn in range(turns)]
    areas = np.array([area_with_error(trial.scores, trial.test.y) for trial in trials])
    area, error = float(areas[:, 0].mean()), float(np.sqrt((areas[:, 1] ** 2).sum()) / turns)
    importances = _importances(trials[0], [truth[name] for name in names], seed) if explain else ()
    figure = Figure(f"AUC_{kind.name}", f"Classifier AUC, {kind.label}", area, error, ideal=0.5)
    y = np.concatenate([trial.test.y for trial in trials])
    return figure, Classifier(
        name=kind.name,
        label=kind.label,
        roc=_roc(np.concatenate([trial.scores for trial in trials]), y),
        importances=importances,
        weights=_weights(np.concatenate([trial.probabilities for trial in trials]), y),
    )


def area_with_error(scores: Matrix, y: Ints) -> tuple[float, float]:
    """The area under the ROC curve and its error (DeLong et al., Biometrics 44, 1988)."""
    positive, negative = scores[y == 1], scores[y == 0]
    n, m = len(positive), len(negative)
    ranks = rankdata(np.concatenate([positive, negative]))
    # The share of the other sample that each event is placed above.
    above = (ranks[:n] - rankdata(positive)) / m
    below = 1 - (ranks[n:] - rankdata(negative)) / n
    return float(above.mean()), float(np.sqrt(above.var(ddof=1) / n + below.var(ddof=1) / m))


def _occurring(truth: Mapping[str, Observable], sample: Mapping[str, Observable]) -> list[str]:
    """The observables that enough events have for each fold to have some."""
    counts = {name: sum(np.isfinite(side[name].values).sum() for side in (truth, sample)) for name in truth}
    return [name for name, count in counts.items() if count >= _FEWEST_VALUES]


def _folds(y: Ints, seed: int) -> Ints:
    """A fold for each event, evenly in both samples."""
    rng = np.random.default_rng(seed)
    folds = np.empty(len(y), np.int64)
    for label in (1, 0):
        members = np.flatnonzero(y == label)
        folds[members] = rng.permutation(len(members)) % _FOLDS
    return folds


def _trial(kind: Kind, data: Labelled, folds: Ints, seed: int) -> _Trial:
    """Test on fold 0, validate on fold 1, train on the others."""
    test, validation, train = (data.take(chosen) for chosen in (folds == 0, folds == 1, folds > 1))
    fitted = kind.fit(train, validation, seed)
    scores = fitted.predict_proba(test.x)[:, 1]
    known = fitted.predict_proba(validation.x)[:, 1]
    return _Trial(fitted, test, scores, _calibrated(scores, known, validation))


def _calibrated(scores: Matrix, known: Matrix, validation: Labelled) -> Matrix:
    """Probabilities from scores by a logistic curve (Platt, 1999) through the scores of validation events.

    Isotonic regression, the alternative, makes certainties of the outermost few events.
    """
    logits = [logit(np.clip(one, _CERTAIN, 1 - _CERTAIN))[:, None] for one in (known, scores)]
    curve = LogisticRegression(C=_WEAKLY_REGULAR).fit(logits[0], validation.y, validation.weights)
    probabilities: Matrix = curve.predict_proba(logits[1])[:, 1]
    return np.clip(probabilities, _CERTAIN, 1 - _CERTAIN)


def _importances(trial: _Trial, observables: Sequence[Observable], seed: int) -> tuple[Importance, ...]:
    some = trial.test.take(np.random.default_rng(seed).permutation(len(trial.test.y))[:_EXPLAINED_EVENTS])
    found = permutation_importance(
        trial.fitted, some.x, some.y, scoring="roc_auc", n_repeats=_SHUFFLES, random_state=seed
    )
    order = np.argsort(-found.importances_mean, kind="stable")[:_TELLING]
    return tuple(
        Importance(observables[i].name, observables[i].axis, float(mean), float(spread))
        for i, mean, spread in zip(
            order, found.importances_mean[order], found.importances_std[order], strict=True
        )
    )


def _roc(scores: Matrix, y: Ints) -> Roc:
    found = roc_curve(y, scores)
    tpr = np.interp(_FALSE_POSITIVE_RATES, found[0], found[1])
    return Roc(tuple(_FALSE_POSITIVE_RATES.tolist()), tuple(np.round(tpr, 5).tolist()))


def _weights(probabilities: Matrix, y: Ints) -> Histogram:
    weights = probabilities / (1 - probabilities)
    truth = Observable("weight", "Classifier weight $p / (1 - p)$", "", weights[y == 1], "log")
    return histogram(truth, _WEIGHT_EDGES, weights[y == 0])


def _bounded(standardiser: Standardiser, x: Matrix) -> Matrix:
    """What a network learns from: no value so far out that it drowns all others."""
    return np.clip(standardiser(x), -_FARTHEST, _FARTHEST)
