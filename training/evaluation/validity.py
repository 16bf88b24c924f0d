"""What no event of the data shows, and how often a sample does."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from events.batch import Bools, EventBatch
from events.kinematics import momentum
from events.selection import valid_events
from training.evaluation.judgement import Figure
from training.evaluation.leading import JETS
from training.evaluation.observables import Observable

_ROUNDING: Final = 2e-5
"""Energy, pT and eta have six digits in a file, which moves E / p by 1.5e-5 at most."""

_OFF_SHELL: Final = 1e-3
"""A muon of 15 GeV, the lightest there is with a mass that counts, has E / p - 1 = 2.5e-5."""


def share(name: str, label: str, hits: Bools, *, ideal: float | None = 0.0) -> Figure:
    """A share with its binomial error."""
    value = float(hits.mean()) if len(hits) else 0.0
    error = float(np.sqrt(value * (1 - value) / max(len(hits), 1)))
    return Figure(name, label, value, error, ideal=ideal)


def invalid_event_figure(raw: EventBatch) -> Figure:
    """The invalid-event rate of events before any is rejected (thesis eq. 6.6, as a share)."""
    return share("IER", "Invalid events before rejection", ~valid_events(raw))


def validity_figures(batch: EventBatch, closest_jets: Observable, jet_radius: float) -> Iterator[Figure]:
    """Shares of objects or events that break what the data always fulfil.

    Args:
        batch: The events.
        closest_jets: Their observable of that name.
        jet_radius: Radius of the jet clustering, which leaves no two jets closer to each other.
    """
    yield share("invalid", "Invalid events as delivered", ~valid_events(batch))
    excess = _energy_over_momentum(batch) - 1
    yield share("E_below_p", "Objects with E < p beyond rounding", excess < -_ROUNDING)
    massless = ~np.isin(batch.type, JETS)
    off_shell = np.abs(excess[massless]) > _OFF_SHELL
    yield share("off_shell", "Leptons and photons with E and p 0.1 % apart or more", off_shell)
    pairs = closest_jets.values[np.isfinite(closest_jets.values)]
    label = f"Events of two jets or more with two closer than {jet_radius:g}"
    yield share("close_jets", label, pairs < jet_radius)


def _energy_over_momentum(batch: EventBatch) -> npt.NDArray[np.float64]:
    p = momentum(batch.pt.astype(np.float64), batch.eta.astype(np.float64))
    return np.divide(batch.E, p, out=np.ones_like(p), where=p > 0)
