"""Differences of the observables' means in two samples."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from training.evaluation.judgement import Shift
from training.evaluation.observables import Observable

_FEWEST: Final = 20


def shifts(truth: Mapping[str, Observable], sample: Mapping[str, Observable]) -> Iterator[Shift]:
    """The shift of each observable that enough events of both samples have."""
    for name, one in truth.items():
        a, b = (values[np.isfinite(values)] for values in (one.values, sample[name].values))
        if min(len(a), len(b)) < _FEWEST:
            continue
        spread = float(a.std()) or 1.0
        error = float(np.hypot(a.std() / np.sqrt(len(a)), b.std() / np.sqrt(len(b))))
        means = float(a.mean()), float(b.mean())
        yield Shift(name, one.axis, *means, (means[1] - means[0]) / spread, error / spread)
