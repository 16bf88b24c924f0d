"""Events per second of processor time that the readers and writers of files take."""

import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np

from events.batch import EventBatch
from events.files import read_events, write_events
from events.formats import FORMAT_NAMES, LAYOUT_NAMES, Format, make_format
from events.kinematics import energy
from tests.support.real_files import REAL_FILES

_EVENTS = 200_000
_AT_ONCE = 4096
_RUNS = 5
_REAL_BYTES = 50_000_000


def main() -> None:
    """Print the best of five runs of each reader and writer."""
    batch = ttbar_like_events(_EVENTS)
    batches = [batch.slice(start, start + _AT_ONCE) for start in range(0, _EVENTS, _AT_ONCE)]
    for layout in LAYOUT_NAMES:
        for name in FORMAT_NAMES:
            if (name, layout) != ("csv", "nanoaod"):
                format_ = make_format(name, layout=layout)
                _report(f"write {name} {layout}", _EVENTS, partial(_encode, format_, batches))
    with tempfile.TemporaryDirectory() as folder:
        for suffix in (".csv", ".csv.gz", ".parquet", ".arrow"):
            path = Path(folder, f"events{suffix}")
            write_events(path, batches)
            _report(f"read {suffix}", _EVENTS, partial(_read, path))
        for real in REAL_FILES:
            text = real.read_bytes()
            repeated = Path(folder, real.name)
            repeated.write_bytes(text * (_REAL_BYTES // len(text)))
            n_events = sum(map(len, read_events(repeated)))
            _report(f"read {real.name}", n_events, partial(_read, repeated))


def ttbar_like_events(n: int) -> EventBatch:
    """Events with as many objects as real ttbar events have, 5.2 on average."""
    rng = np.random.default_rng(1)
    offsets = np.concatenate(([0], np.cumsum(rng.binomial(13, 0.4, n)))).astype(np.int32)
    m = int(offsets[-1])
    pt = 20 + rng.exponential(50, m)
    eta = rng.normal(0, 1.2, m)
    types = rng.choice(7, m, p=[0.7, 0.24, 0.01, 0.01, 0.015, 0.015, 0.01])
    return EventBatch(
        processes=("ttbar",),
        process_index=np.zeros(n, np.int32),
        event_id=np.arange(n),
        weight=np.ones(n, np.float32),
        met=rng.exponential(55, n).astype(np.float32),
        met_phi=rng.uniform(-np.pi, np.pi, n).astype(np.float32),
        offsets=offsets,
        type=types.astype(np.int8),
        E=energy(pt, eta, 0.1 * pt).astype(np.float32),
        pt=pt.astype(np.float32),
        eta=eta.astype(np.float32),
        phi=rng.uniform(-np.pi, np.pi, m).astype(np.float32),
    )


def _report(name: str, n_events: int, run: Callable[[], object]) -> None:
    seconds = []
    for _ in range(_RUNS):
        begin = time.process_time()
        run()
        seconds.append(time.process_time() - begin)
    print(f"{name:40} {n_events / min(seconds):12,.0f} events/s of one core")  # noqa: T201 # its output


def _encode(format_: Format, batches: Iterable[EventBatch]) -> None:
    encoder = format_.encoder({})
    for batch in batches:
        encoder.encode(batch)
    encoder.finish()


def _read(path: Path) -> None:
    for _ in read_events(path):
        pass


if __name__ == "__main__":
    main()
