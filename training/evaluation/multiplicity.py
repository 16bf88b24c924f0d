"""Whether two samples have the same numbers of objects: a chi-square test of homogeneity for each type."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
from scipy.stats import chi2_contingency

from events.batch import Ints
from events.objects import ObjectType
from training.evaluation.judgement import Figure
from training.evaluation.observables import Observable

_FEWEST: Final = 5.0

COUNTS: Final = ("n_objects", *(f"n_{type_.name.lower()}" for type_ in ObjectType))
"""Names of the observables that count objects."""


def multiplicity_figures(
    truth: Mapping[str, Observable], sample: Mapping[str, Observable]
) -> Iterator[Figure]:
    """Chi-square per degree of freedom of each count, which is 1 +- its error on average, and its p-value."""
    for name in COUNTS:
        counts = count_table(truth[name].values.astype(np.int64), sample[name].values.astype(np.int64))
        if counts.shape[1] < 2:
            continue
        found = chi2_contingency(counts, correction=False)
        label = truth[name].label
        per_degree = float(found.statistic / found.dof), float(np.sqrt(2 / found.dof))
        yield Figure(f"chi2_{name}", f"{label}: chi-square per degree of freedom", *per_degree, ideal=1.0)
        yield Figure(f"p_{name}", f"{label}: p-value", float(found.pvalue), 0.0)


def count_table(truth: Ints, sample: Ints) -> Ints:
    """How many events have 0, 1, ... objects, int64[2, bins].

    Neighbouring bins are joined, from the highest down, until at least five events are expected in each.
    """
    size = int(max(truth.max(initial=0), sample.max(initial=0))) + 1
    table = np.stack([np.bincount(counts, minlength=size) for counts in (truth, sample)])
    share = table.sum(axis=1).min() / table.sum()
    joined: list[Ints] = []
    waiting = np.zeros(2, np.int64)
    for column in table.T[::-1]:
        waiting = waiting + column
        if waiting.sum() * share >= _FEWEST:
            joined.append(waiting)
            waiting = np.zeros(2, np.int64)
    if joined:
        joined[-1] = joined[-1] + waiting
    return np.stack(joined or [waiting], axis=1)
