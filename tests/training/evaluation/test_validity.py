from dataclasses import replace

import numpy as np
import pytest

from events.batch import EventBatch
from tests.support.synthetic import synthetic_events
from training.evaluation.judgement import Figure
from training.evaluation.observables import observables
from training.evaluation.sources import with_file_digits
from training.evaluation.validity import invalid_event_figure, validity_figures

EVENTS = with_file_digits(synthetic_events(2000, seed=1))


def figures(batch: EventBatch, radius: float = 0.4) -> dict[str, Figure]:
    closest = observables(batch)["closest_jets"]
    return {one.name: one for one in validity_figures(batch, closest, radius)}


def test_rounding_is_no_fault() -> None:
    found = figures(EVENTS)
    assert found["E_below_p"].value == found["off_shell"].value == found["invalid"].value == 0


def test_energies_below_momenta_are_counted() -> None:
    damaged = np.random.default_rng(1).random(EVENTS.n_objects) < 0.2
    found = figures(replace(EVENTS, E=np.where(damaged, EVENTS.E * np.float32(0.5), EVENTS.E)))
    assert found["E_below_p"].value == pytest.approx(damaged.mean())
    assert found["E_below_p"].error == pytest.approx(
        np.sqrt(damaged.mean() * (1 - damaged.mean()) / len(damaged))
    )


def test_leptons_off_their_shell_are_counted_and_jets_are_not() -> None:
    found = figures(replace(EVENTS, E=EVENTS.E * np.float32(1.01)))
    assert found["off_shell"].value == 1
    assert found["E_below_p"].value == 0


def test_close_jets_are_counted_among_events_of_two() -> None:
    closest = observables(EVENTS)["closest_jets"].values
    pairs = closest[np.isfinite(closest)]
    share = figures(EVENTS, 0.6)["close_jets"].value
    assert share == pytest.approx((pairs < 0.6).mean())
    assert share > 0
    assert "0.6" in figures(EVENTS, 0.6)["close_jets"].label


def test_invalid_events_are_counted() -> None:
    weak = np.arange(len(EVENTS)) < 200
    factor = np.where(weak, 0.1, 1.0).astype(np.float32)[EVENTS.event_index]
    raw = replace(EVENTS, pt=EVENTS.pt * factor, E=EVENTS.E * factor)
    assert invalid_event_figure(raw).value == pytest.approx(0.1)
    assert figures(raw)["invalid"].value == pytest.approx(0.1)
