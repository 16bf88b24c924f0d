"""Events to a file, without a server."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from events.batch import EventBatch
from events.files import write_events
from events.formats import LayoutName
from events.units import EnergyUnit
from service.sampler import DatasetSlice
from service.workers import Workers


def write_slice(
    workers: Workers,
    events: DatasetSlice,
    path: Path,
    units: EnergyUnit,
    layout: LayoutName,
    progress: Callable[[int], object],
) -> int:
    """Write a slice of a data set to a file, which appears when it is complete.

    Args:
        workers: What generates.
        events: What to generate.
        path: The file; its ending says the format.
        units: Unit of energies and momenta.
        layout: Which columns to write.
        progress: Told the number of events of each block that was written.

    Returns:
        The number of events.

    Raises:
        ValueError: If there is no format of that ending and layout.
        OutputError: If the model gives what no event can be made of.
    """

    def batches() -> Iterator[EventBatch]:
        with workers.lane() as lane, closing(lane.in_order(events.tasks())) as blocks:
            for future in blocks:
                batch = future.result().events
                yield batch
                progress(len(batch))

    provenance = {**events.provenance, "units": units}
    return write_events(path, batches(), unit=units, layout=layout, provenance=provenance)
