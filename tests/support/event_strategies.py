"""Arbitrary event batches for hypothesis."""

import math

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from events.batch import EventBatch
from events.objects import N_OBJECT_TYPES

# Beyond these bounds numbers in MeV or their digits would leave single precision.
LARGEST = np.float32(1e30).item()
FLOATS = st.floats(-LARGEST, LARGEST, width=32).map(
    lambda x: x if abs(x) > 1 / LARGEST else math.copysign(0, x)
)
PROCESSES = st.text("abz_019.+- é", min_size=1, max_size=8).filter(lambda name: name == name.strip())


@st.composite
def event_batches(draw: st.DrawFn, max_events: int = 6) -> EventBatch:
    counts = draw(st.lists(st.integers(0, 4), max_size=max_events))
    processes = tuple(draw(st.lists(PROCESSES, min_size=1, max_size=3, unique=True)))
    n, m = len(counts), sum(counts)
    events = hnp.arrays(np.float32, n, elements=FLOATS)
    objects = hnp.arrays(np.float32, m, elements=FLOATS)
    return EventBatch(
        processes=processes,
        process_index=draw(hnp.arrays(np.int32, n, elements=st.integers(0, len(processes) - 1))),
        event_id=draw(hnp.arrays(np.int64, n)),
        weight=draw(events),
        met=draw(events),
        met_phi=draw(events),
        offsets=np.cumsum([0, *counts]).astype(np.int32),
        type=draw(hnp.arrays(np.int8, m, elements=st.integers(0, N_OBJECT_TYPES - 1))),
        E=draw(objects),
        pt=draw(objects),
        eta=draw(objects),
        phi=draw(objects),
    )
