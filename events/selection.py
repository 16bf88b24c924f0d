"""The selection criteria of the Dark Machines data and the invalid-event rate.

Source: arXiv:2105.14027, section 2; invalid-event rate: thesis eq. 6.6.
"""

import numpy as np

from events.batch import Bools, EventBatch
from events.objects import EVENT_CRITERIA, OBJECT_CUTS, Acceptance


def objects_pass(batch: EventBatch) -> Bools:
    """Whether each object satisfies the object cut of its type, bool[m]."""
    return _accepted(batch, OBJECT_CUTS)


def events_pass_criterion(batch: EventBatch) -> Bools:
    """Whether each event has at least one object that satisfies the event criterion of its type, bool[n]."""
    return _any_object(batch, _accepted(batch, EVENT_CRITERIA))


def valid_events(batch: EventBatch) -> Bools:
    """Whether each event passes the event criterion with all of its objects in their cuts, bool[n].

    An event with a value that is not finite is invalid.
    """
    finite = np.isfinite(batch.met) & np.isfinite(batch.met_phi)
    bad_object = _any_object(batch, ~objects_pass(batch))
    return events_pass_criterion(batch) & ~bad_object & finite


def invalid_event_rate(batch: EventBatch) -> float:
    """The share of invalid events, in [0, 1] (thesis eq. 6.6, without its factor 100).

    Raises:
        ValueError: If the batch is empty.
    """
    if not len(batch):
        raise ValueError("the invalid-event rate of no events is not defined")
    return float(np.mean(~valid_events(batch)))


def _accepted(batch: EventBatch, cuts: tuple[Acceptance, ...]) -> Bools:
    pt_min = np.array([cut.pt_min for cut in cuts], np.float32)[batch.type]
    abs_eta_max = np.array([cut.abs_eta_max for cut in cuts], np.float32)[batch.type]
    abs_eta = np.abs(batch.eta)
    finite = np.isfinite(batch.E) & np.isfinite(batch.pt) & np.isfinite(batch.phi)
    accepted: Bools = (batch.pt >= pt_min) & (abs_eta <= abs_eta_max) & finite
    for type_, cut in enumerate(cuts):
        if cut.crack is not None:
            low, high = cut.crack
            accepted &= ~((batch.type == type_) & (abs_eta > low) & (abs_eta < high))
    return accepted


def _any_object(batch: EventBatch, chosen: Bools) -> Bools:
    running = np.concatenate(([0], np.cumsum(chosen)))
    return running[batch.offsets[1:]] > running[batch.offsets[:-1]]
