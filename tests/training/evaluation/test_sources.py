from pathlib import Path

import numpy as np
import pytest

from events.batch import OBJECT_FLOATS, EventBatch
from events.files import write_events
from models.shelf import Artefact
from service.sampler import Sampler
from tests.support.synthetic import synthetic_events
from tests.support.tiny_model import build_artefact
from training.evaluation.sources import file_sample, model_sample, with_file_digits

EVENTS = synthetic_events(300, seed=1)


def assert_six_digits(batch: EventBatch) -> None:
    for name in OBJECT_FLOATS:
        values = getattr(batch, name).astype(np.float64) * (1000 if name in {"E", "pt"} else 1)
        np.testing.assert_allclose([float(f"{value:.6g}") for value in values], values, rtol=1e-7)


def test_events_have_the_digits_of_a_file() -> None:
    rounded = with_file_digits(EVENTS)
    assert_six_digits(rounded)
    np.testing.assert_allclose(rounded.pt, EVENTS.pt, rtol=1e-5)
    assert with_file_digits(rounded).pt.tobytes() == rounded.pt.tobytes()


def test_a_model_gives_what_its_sampler_gives(tmp_path: Path) -> None:
    artefact = Artefact.open(build_artefact(tmp_path))
    found, sampler = model_sample(artefact, 300, 5), Sampler.open(artefact)
    assert found.events.E.tobytes() == with_file_digits(sampler.sample(300, 5)).E.tobytes()
    assert found.raw is not None
    assert found.raw.E.tobytes() == sampler.sample(300, 5, validity="all").E.tobytes()
    assert (found.provenance.name, found.provenance.digest) == ("ttbar/exp2", artefact.manifest.digest)
    assert found.ms_per_event is not None
    assert found.ms_per_event > 0


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".arrow"])
def test_files_of_any_format_give_the_same_events(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"events{ending}"
    write_events(path, [EVENTS])
    found = file_sample(path, 200)
    assert found.provenance.events == len(found.events) == 200
    assert found.events.pt.tobytes() == with_file_digits(EVENTS.slice(0, 200)).pt.tobytes()
    assert found.raw is None


def test_a_file_without_events_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.arrow"
    write_events(path, [EVENTS.slice(0, 0)])
    with pytest.raises(ValueError, match=r"none\.arrow has no events"):
        file_sample(path, 200)
