"""Made-up events of any number, with the format's conventions but no physics."""

import numpy as np

from events.batch import EventBatch
from events.kinematics import energy

_TYPE_SHARES = (0.66, 0.23, 0.02, 0.02, 0.03, 0.03, 0.01)


def synthetic_events(n: int, seed: int, *, mean_objects: float = 5.2, process: str = "ttbar") -> EventBatch:
    """n valid events with Poisson-distributed numbers of objects, at least one each, in file order."""
    rng = np.random.default_rng(seed)
    counts = 1 + rng.poisson(mean_objects - 1, n)
    m = int(counts.sum())
    pt = (61 + rng.exponential(40, m)).astype(np.float32)
    eta = rng.uniform(-1.3, 1.3, m).astype(np.float32)
    type_ = rng.choice(len(_TYPE_SHARES), m, p=_TYPE_SHARES).astype(np.int8)
    mass = np.where(type_ < 2, 0.1 * pt, 0).astype(np.float32)
    return EventBatch(
        processes=(process,),
        process_index=np.zeros(n, np.int32),
        event_id=np.arange(n),
        weight=np.ones(n, np.float32),
        met=rng.exponential(50, n).astype(np.float32),
        met_phi=rng.uniform(-np.pi, np.pi, n).astype(np.float32),
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int32),
        type=type_,
        E=energy(pt, eta, mass).astype(np.float32),
        pt=pt,
        eta=eta,
        phi=rng.uniform(-np.pi, np.pi, m).astype(np.float32),
    ).sort_objects()
