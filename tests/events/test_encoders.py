import numpy as np
import pyarrow as pa
import pytest

from events.arrow import ObjectsLayout
from events.batch import EVENT_FLOATS, OBJECT_FLOATS, EventBatch
from events.encoders import ArrowEncoder

SHARED = ("event_id", "process_index", "offsets", *EVENT_FLOATS, *OBJECT_FLOATS)


def test_columns_reach_the_sink_uncopied(ten_events: EventBatch, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record batches in GeV are written from the memory of the events themselves."""
    written: list[bytes | pa.Buffer] = []
    monkeypatch.setattr("events.encoders._Sink.write", lambda _, data: written.append(data))
    encoder = ArrowEncoder(ObjectsLayout("GeV"), {}, "none", None, file=False)
    encoder.encode(ten_events)
    addresses = {data.address for data in written if isinstance(data, pa.Buffer)}
    columns: dict[str, np.ndarray] = {name: getattr(ten_events, name) for name in SHARED}
    assert [name for name, column in columns.items() if column.ctypes.data not in addresses] == []
