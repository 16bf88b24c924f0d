"""The Dark Machines selection of reconstructed events: object cuts first, then the event criterion."""

from dataclasses import replace

import numpy as np

from events.batch import OBJECT_FLOATS, EventBatch
from events.selection import events_pass_criterion, objects_pass


def select(batch: EventBatch) -> EventBatch:
    """Drop the objects that fail their cuts, then the events that fail the event criterion without them."""
    kept = objects_pass(batch)
    running = np.concatenate(([0], np.cumsum(kept)))
    cut = replace(
        batch,
        offsets=running[batch.offsets].astype(np.int32),
        type=batch.type[kept],
        **{name: getattr(batch, name)[kept] for name in OBJECT_FLOATS},
    )
    return cut.take(events_pass_criterion(cut))
