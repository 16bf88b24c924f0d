from pathlib import Path

import numpy as np
import pytest

from events.batch import EventBatch, concatenate
from events.files import write_events
from events.objects import ObjectType
from tests.support.synthetic import synthetic_events
from training.evaluation.describe.description import Description, Spectrum
from training.evaluation.describe.stream import describe

PARTS = [synthetic_events(n, seed) for seed, n in enumerate((400, 1, 799))]
WHOLE = concatenate(PARTS)


@pytest.fixture(scope="module")
def streamed(tmp_path_factory: pytest.TempPathFactory) -> Description:
    """The description of a file that is read in three batches."""
    path = tmp_path_factory.mktemp("events") / "sample.arrow"
    write_events(path, PARTS, unit="GeV")
    return describe([path])


def spectra(description: Description) -> dict[str, Spectrum]:
    return {one.name: one for group in description.spectra.values() for one in group}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("event.met", WHOLE.met),
        ("event.met_phi", WHOLE.met_phi),
        ("event.E", np.add.reduceat(WHOLE.E.astype(np.float64), WHOLE.offsets[:-1])),
        ("jet.pt", WHOLE.pt[WHOLE.type == ObjectType.JET]),
        ("muon.eta", WHOLE.eta[WHOLE.type == ObjectType.MUON]),
        ("photon.E", WHOLE.E[WHOLE.type == ObjectType.PHOTON]),
    ],
)
def test_streamed_counts_are_those_of_numpy_on_all_events(
    streamed: Description, name: str, values: np.ndarray
) -> None:
    spectrum = spectra(streamed)[name]
    low, *inside, high = spectrum.counts
    edges = np.array(spectrum.edges)
    # A value on an edge may fall on either side, by the rounding of its logarithm.
    np.testing.assert_allclose(inside, np.histogram(values, edges)[0], atol=1)
    assert (low, high) == (np.sum(values < edges[0] * (1 - 1e-9)), np.sum(values > edges[-1]))
    assert inside[0]
    assert inside[-1]


def test_masks_and_multiplicities_are_those_of_a_loop(streamed: Description) -> None:
    masks = [tuple(mask) for mask in WHOLE.masks().tolist()]
    table = streamed.masks
    for one in (*table.frequent, *table.rare):
        assert one.events == masks.count(one.mask)
    assert len(table.frequent) + table.n_rare == len(set(masks))
    frequent = sum(one.events for one in table.frequent)
    assert frequent + table.rare_events == len(masks)
    assert frequent <= 0.85 * len(masks) < frequent + table.rare[0].events
    numbers = {one.name: one.events for one in streamed.multiplicities}
    assert numbers["object"] == tuple(np.bincount(WHOLE.multiplicity).tolist())
    assert numbers["b_jet"] == tuple(np.bincount(WHOLE.masks()[:, 1]).tolist())


def test_shapes_are_measured_at_their_maximum_likelihood(streamed: Description) -> None:
    shape = spectra(streamed)["event.met"].shape
    assert shape is not None
    assert shape.mean == pytest.approx(np.log10(WHOLE.met.astype(np.float64)).mean())
    assert shape.spread == pytest.approx(np.log10(WHOLE.met.astype(np.float64)).std(ddof=1))
    assert not shape.fits, "exponential MET is not log-normal"
    uniform = spectra(streamed)["event.met_phi"].shape
    assert uniform is not None
    assert uniform.fits


def test_several_files_are_one_sample(tmp_path: Path, streamed: Description) -> None:
    paths = [tmp_path / "a.parquet", tmp_path / "b.arrows"]
    write_events(paths[0], PARTS[:1], unit="GeV")
    write_events(paths[1], PARTS[1:], unit="GeV")
    found = describe(paths)
    assert [file.events for file in found.files] == [400, 800]
    assert found.spectra == streamed.spectra
    assert found.correlation == streamed.correlation
    assert found.events == streamed.events == len(WHOLE)
    assert found.processes == {"ttbar": 1200}


def test_bad_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    write_events(path, PARTS[:1])
    path.write_text(path.read_text() + "not an event\n")
    found = describe([path], on_error="skip")
    assert (found.events, found.files[0].skipped) == (400, 1)
    with pytest.raises(ValueError, match="401"):
        describe([path])


def test_invalid_events_are_counted(tmp_path: Path) -> None:
    batch = synthetic_events(100, 5)
    soft = EventBatch(
        **{name: getattr(batch, name) for name in EventBatch.__slots__ if name != "pt"},
        pt=np.where(batch.event_index < 7, np.float32(1), batch.pt),
    )
    write_events(tmp_path / "soft.arrow", [soft], unit="GeV")
    assert describe([tmp_path / "soft.arrow"]).invalid_events == 7


def test_a_description_is_the_same_after_json(streamed: Description) -> None:
    assert Description.from_json(streamed.to_json()) == streamed


def test_a_sample_without_events_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ValueError, match=r"no events in .*empty\.csv"):
        describe([tmp_path / "empty.csv"])
