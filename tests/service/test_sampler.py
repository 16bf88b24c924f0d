from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import service.sampler
from events.batch import concatenate
from events.selection import valid_events
from models.graphs import AnyGraph
from models.shelf import Artefact
from service.generator import Validity
from service.runtime import LoadedGraph, load_graph
from service.sampler import Sampler
from service.whole_events import FIRST_REFINED_CELLS
from tests.support.batches import assert_same_events
from tests.support.whole_model import build_whole_artefact

N = 1000


@given(offset=st.integers(0, N - 1), n=st.integers(1, N), validity=st.sampled_from(["valid", "all"]))
@settings(max_examples=25, deadline=None)
def test_any_slice_is_cut_from_one_data_set(
    sampler: Sampler, offset: int, n: int, validity: Validity
) -> None:
    whole = sampler.sample(N, seed=5, validity=validity)
    stop = min(offset + n, N)
    assert_same_events(
        sampler.sample(stop - offset, seed=5, offset=offset, validity=validity), whole.slice(offset, stop)
    )


def test_threads_and_order_of_work_do_not_matter(sampler: Sampler) -> None:
    with ThreadPoolExecutor(4) as executor:
        futures = [executor.submit(task) for task in reversed(list(sampler.slice(N, seed=5).tasks()))]
        events = concatenate([future.result().events for future in reversed(futures)])
    assert_same_events(events, sampler.sample(N, seed=5))


def test_history_does_not_matter(sampler: Sampler, artefact: Artefact) -> None:
    sampler.sample(300, seed=1)
    assert_same_events(sampler.sample(300, seed=5), Sampler.open(artefact).sample(300, seed=5))


def test_exactly_the_events_asked_for_arrive(sampler: Sampler) -> None:
    events = sampler.sample(777, seed=3, offset=100)
    assert events.event_id.tolist() == list(range(100, 877))
    assert events.processes == ("ttbar",)
    assert np.all(events.weight == 1)


@pytest.mark.parametrize("validity", ["valid", "all"])
def test_no_event_comes_twice(sampler: Sampler, validity: Validity) -> None:
    events = sampler.sample(N, seed=5, validity=validity)
    assert np.unique(events.met).size > 0.99 * N
    assert np.unique(events.pt).size > 0.99 * events.n_objects


def test_valid_events_are_valid(sampler: Sampler) -> None:
    assert valid_events(sampler.sample(N, seed=5)).all()


def test_raw_output_has_the_invalid_events_that_are_counted(sampler: Sampler) -> None:
    blocks = [task() for task in sampler.slice(1024, seed=5, validity="all").tasks()]
    invalid = sum(int((~valid_events(block.events)).sum()) for block in blocks)
    assert sum(block.n_invalid for block in blocks) == invalid
    assert 0.05 < invalid / sum(block.n_generated for block in blocks) < 0.4


def test_rejection_changes_invalid_events_only(sampler: Sampler) -> None:
    raw, valid = (sampler.sample(N, seed=5, validity=validity) for validity in ("all", "valid"))
    kept = valid_events(raw)
    assert_same_events(valid.take(kept), raw.take(kept))
    assert not np.array_equal(valid.met[~kept], raw.met[~kept])


def test_rejection_keeps_the_numbers_of_objects(sampler: Sampler) -> None:
    raw, valid = (sampler.sample(N, seed=5, validity=validity) for validity in ("all", "valid"))
    np.testing.assert_array_equal(raw.masks(), valid.masks())


def test_objects_come_in_the_order_of_real_files(sampler: Sampler) -> None:
    events = sampler.sample(N, seed=5)
    assert_same_events(events, events.sort_objects())


def test_other_seeds_models_and_processes_give_other_events(sampler: Sampler, artefact: Artefact) -> None:
    shelf = artefact.folder.parent.parent
    others = [Sampler.open(Artefact.open(shelf / name)) for name in ("ttbar/other", "stop_02/exp2")]
    samples = [sampler.sample(50, 5), sampler.sample(50, 6), *(other.sample(50, 5) for other in others)]
    assert len({events.met.tobytes() for events in samples}) == len(samples)


def test_an_event_far_away_costs_no_more_than_the_first(sampler: Sampler) -> None:
    last = 2**63 - 2
    assert sampler.sample(1, seed=5, offset=last).event_id.tolist() == [last]


@pytest.mark.parametrize(("n", "offset"), [(0, 0), (-1, 0), (1, -1), (2, 2**63 - 1)])
def test_a_slice_out_of_range_is_refused(sampler: Sampler, n: int, offset: int) -> None:
    with pytest.raises(ValueError, match="n must be positive"):
        sampler.sample(n, seed=5, offset=offset)


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(sampler: Sampler, seed: int) -> None:
    with pytest.raises(ValueError, match="the seed must lie in"):
        sampler.slice(1, seed)


def test_a_slice_tells_what_names_its_events(sampler: Sampler) -> None:
    told = sampler.slice(3, seed=2**64 - 1, offset=9).provenance
    assert told["model_digest"] == sampler.manifest.digest
    assert (told["seed"], told["offset"], told["num_events"]) == (str(2**64 - 1), "9", "3")


def test_only_acceptances_stay_on_the_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The runtime has no trees for a GPU."""
    opened: dict[str, tuple[str, tuple[int, ...]]] = {}

    def open_graph(path: Path, graph: AnyGraph, device: str, rows: tuple[int, ...]) -> LoadedGraph:
        opened[path.name] = device, rows
        return load_graph(path, graph, "cpu", rows)

    monkeypatch.setattr(service.sampler, "load_graph", open_graph)
    refined = Artefact.open(build_whole_artefact(tmp_path, masked=True, refined=True))
    Sampler.open(refined, "cuda")
    devices = {name: device for name, (device, _) in opened.items()}
    assert devices == {"masks.onnx": "cuda", "events.onnx": "cuda", "acceptance.onnx": "cpu"}
    n = refined.manifest.block_events
    cells = {FIRST_REFINED_CELLS[0], n - FIRST_REFINED_CELLS[0], n}
    assert cells < set(opened["events.onnx"][1]) == set(opened["acceptance.onnx"][1])
