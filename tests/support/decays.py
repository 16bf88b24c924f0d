"""Made-up events whose objects belong together, unlike those of `tests.support.synthetic`."""

from dataclasses import replace

import numpy as np

from events.batch import OBJECT_FLOATS, EventBatch
from events.kinematics import momentum_x, momentum_y
from tests.support.synthetic import synthetic_events


def correlated_events(n: int, seed: int) -> EventBatch:
    """n valid events whose missing momentum balances their objects, to 10 GeV in each direction."""
    batch = synthetic_events(n, seed)
    rng = np.random.default_rng([seed, 1])
    x, y = (
        rng.normal(0, 10, n) - np.bincount(batch.event_index, part(batch.pt, batch.phi), n)
        for part in (momentum_x, momentum_y)
    )
    met, met_phi = np.hypot(x, y), np.arctan2(y, x)
    return replace(batch, met=met.astype(np.float32), met_phi=met_phi.astype(np.float32))


def shuffled_objects(batch: EventBatch, seed: int) -> EventBatch:
    """An ideal Experiment II: true numbers of objects; every object, and MET, drawn alone from its like.

    All one-dimensional distributions over objects of a type are those of the batch; nothing else is.
    """
    rng = np.random.default_rng(seed)
    objects = np.arange(batch.n_objects)
    for type_ in np.unique(batch.type):
        members = np.flatnonzero(batch.type == type_)
        objects[members] = rng.permutation(members)
    events = rng.permutation(len(batch))
    columns = {name: getattr(batch, name)[objects] for name in OBJECT_FLOATS}
    drawn = replace(batch, met=batch.met[events], met_phi=batch.met_phi[events], **columns)
    return drawn.sort_objects()
