import numpy as np
import pytest

from events.batch import EventBatch
from events.kinematics import energy


@pytest.fixture
def ten_events() -> EventBatch:
    """Ten ttbar events with 0 to 9 objects of all types, on their mass shell."""
    rng = np.random.default_rng(1)
    m = 45
    pt = rng.uniform(20, 200, m)
    eta = rng.uniform(-2.5, 2.5, m)
    return EventBatch(
        processes=("ttbar",),
        process_index=np.zeros(10, np.int32),
        event_id=np.arange(100, 110),
        weight=np.ones(10, np.float32),
        met=rng.uniform(0, 300, 10).astype(np.float32),
        met_phi=rng.uniform(-np.pi, np.pi, 10).astype(np.float32),
        offsets=np.cumsum(np.arange(11) - np.arange(11).clip(0, 1)).astype(np.int32),
        type=(np.arange(m) % 7).astype(np.int8),
        E=energy(pt, eta, np.full(m, 5.0)).astype(np.float32),
        pt=pt.astype(np.float32),
        eta=eta.astype(np.float32),
        phi=rng.uniform(-np.pi, np.pi, m).astype(np.float32),
    )
