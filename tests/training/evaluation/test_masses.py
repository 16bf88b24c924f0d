from itertools import combinations

import numpy as np
import pytest

from events.batch import EventBatch
from events.masses import TOP_MASS, W_MASS
from events.objects import ObjectType
from tests.support.synthetic import synthetic_events
from training.evaluation.masses import (
    TOP_WINDOW,
    W_WINDOW,
    candidate_masses,
    window_figures,
)


def momenta(event: EventBatch, type_: ObjectType, n: int) -> list[np.ndarray]:
    """Four-momenta of the leading objects of one event."""
    order = sorted(np.flatnonzero(event.type == type_), key=lambda k: -float(event.pt[k]))[:n]
    e, pt, eta, phi = (getattr(event, name).astype(float) for name in ("E", "pt", "eta", "phi"))
    return [
        np.array([e[k], pt[k] * np.cos(phi[k]), pt[k] * np.sin(phi[k]), pt[k] * np.sinh(eta[k])])
        for k in order
    ]


def mass(p: np.ndarray) -> float:
    return float(np.sqrt(max(p[0] ** 2 - p[1:] @ p[1:], 0)))


def test_candidates_are_those_of_the_slow_twin() -> None:
    batch = synthetic_events(200, seed=4)
    w, top = candidate_masses(batch)
    for i in range(len(batch)):
        event = batch.slice(i, i + 1)
        pairs = [a + b for a, b in combinations(momenta(event, ObjectType.JET, 4), 2)]
        triples = [(pair, pair + b) for pair in pairs for b in momenta(event, ObjectType.B_JET, 2)]
        best = min((abs(mass(p) - W_MASS), mass(p)) for p in pairs)[1] if pairs else np.nan
        assert w[i] == pytest.approx(best, nan_ok=True)
        away = [
            (np.hypot((mass(p) - W_MASS) / W_WINDOW, (mass(t) - TOP_MASS) / TOP_WINDOW), mass(t))
            for p, t in triples
        ]
        assert top[i] == pytest.approx(min(away)[1] if away else np.nan, nan_ok=True)


def test_windows_tell_the_difference_of_shares() -> None:
    truth = {"w_mass": np.array([80.0, 80, 200, np.nan]), "top_mass": np.array([170.0, 300])}
    sample = {"w_mass": np.array([80.0, 200, 200]), "top_mass": np.array([np.nan])}
    (w,) = window_figures(truth, sample)
    assert w.name == "W_window"
    assert w.value == pytest.approx(1 / 3 - 2 / 3)
    assert w.error == pytest.approx(np.sqrt(2 / 9 / 3 + 2 / 9 / 3))
