from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from events.selection import valid_events
from models.shelf import Artefact
from service.addresses import AddressSpace, Stream
from service.generator import FIRST_EVENTS, Validity
from service.runtime import OutputError, Session
from service.sampler import Sampler
from service.whole_events import WholeEvents, cell_ends
from tests.support.batches import assert_same_events
from tests.support.generators import WatchedGenerator
from tests.support.whole_model import CERTAIN_MET, NORMAL, UNIFORM, build_whole_artefact


@pytest.fixture(scope="module", params=["free", "masked", "refined"])
def generator(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> WholeEvents:
    return opened(tmp_path_factory.mktemp("whole"), request.param)


@pytest.fixture(scope="module")
def refined(tmp_path_factory: pytest.TempPathFactory) -> WholeEvents:
    return opened(tmp_path_factory.mktemp("refined"), "refined")


def opened(root: Path, kind: str) -> WholeEvents:
    folder = build_whole_artefact(root, masked=kind != "free", refined=kind == "refined")
    loaded = Sampler.open(Artefact.open(folder)).generator
    assert isinstance(loaded, WholeEvents)
    return loaded


def plain_event(generator: WholeEvents, seed: int, index: int) -> list[tuple[float, ...]]:
    """The first attempt at one event of block 0: type, pt and eta of its objects."""
    space, row = AddressSpace.of(generator.manifest, seed), slice(index, index + 1)
    inputs: dict[str, npt.NDArray[Any]] = {
        "normal": space.block("normal", Stream.EVENT, 0, row, NORMAL.width)
    }
    if generator.manifest.masks:
        uniforms = space.block("uniform", Stream.MASKS, 0, row, 4)
        inputs["mask"] = generator.graphs["masks"]({"noise": uniforms})["mask"]
    else:
        inputs["uniform"] = space.block("uniform", Stream.CHOICES, 0, row, UNIFORM.width)
    slots = generator.graphs["events"](inputs)
    rows = zip(slots["type"][0], slots["pt"][0], slots["eta"][0], strict=True)
    return sorted(tuple(map(float, row)) for row in rows if row[0] >= 0)


def test_a_block_equals_its_plain_twin(generator: WholeEvents) -> None:
    events = generator.block(3, 0, "all").events
    for index in range(20):
        first, last = events.offsets[index : index + 2]
        columns = (events.type[first:last], events.pt[first:last], events.eta[first:last])
        found = sorted(tuple(map(float, row)) for row in zip(*columns, strict=True))
        assert found == plain_event(generator, 3, index)


def test_only_valid_events_are_served_and_valid_ones_are_kept(generator: WholeEvents) -> None:
    raw, block = generator.block(3, 1, "all").events, generator.block(3, 1, "valid")
    kept = valid_events(raw)
    assert 0 < block.n_invalid == np.count_nonzero(~kept)
    assert valid_events(block.events).all()
    if "acceptance" in generator.graphs:
        kept &= accepted_at_once(generator, 3, 1)
        assert 0.2 < kept.mean() < 0.95
    assert_same_events(block.events.take(kept), raw.take(kept))
    assert (block.events.met != raw.met)[~kept].any()


def accepted_at_once(generator: WholeEvents, seed: int, index: int) -> npt.NDArray[np.bool_]:
    """Which of a block's first attempts are kept, by their MET."""
    space, n = AddressSpace.of(generator.manifest, seed), generator.manifest.block_events
    uniform = space.block("uniform", Stream.ACCEPTANCE, index, slice(0, n), 1)[:, 0]
    met = generator.block(seed, index, "all").events.met
    return np.asarray(uniform < np.minimum(met / np.float32(CERTAIN_MET), 1))


def test_refined_events_are_distributed_as_the_acceptance_says(refined: WholeEvents) -> None:
    n = 20 * refined.manifest.block_events
    met = {validity: Sampler(refined).sample(n, 1, validity=validity).met for validity in ("all", "valid")}
    plain = replace(refined, graphs={name: refined.graphs[name] for name in ("events", "masks")})
    valid = Sampler(plain).sample(n, 1).met
    weights = np.minimum(valid / CERTAIN_MET, 1)
    expected, error = np.average(valid, weights=weights), valid.std() / np.sqrt(n * weights.mean())
    assert abs(met["valid"].mean() - expected) < 5 * error
    assert abs(met["valid"].mean() - met["all"].mean()) > 10 * error


def test_weighted_events_are_the_first_valid_ones_with_their_acceptances(refined: WholeEvents) -> None:
    weighted, raw = (refined.block(3, 1, validity).events for validity in ("weighted", "all"))
    valid = valid_events(raw)
    expected = np.minimum(weighted.met / np.float32(CERTAIN_MET), 1)
    np.testing.assert_array_equal(weighted.weight, expected)
    assert len(np.unique(expected)) > 10
    assert valid_events(weighted).all()
    as_raw = replace(weighted, weight=np.ones_like(weighted.weight))
    assert_same_events(as_raw.take(valid), raw.take(valid))


def test_weights_and_refusals_mean_the_same(refined: WholeEvents) -> None:
    n, sampler = 20 * refined.manifest.block_events, Sampler(refined)
    kept, weighted = sampler.sample(n, 1), sampler.sample(n, 2, validity="weighted")
    mean = np.average(weighted.met, weights=weighted.weight)
    error = kept.met.std() * np.sqrt(1 / n + (weighted.weight**2).sum() / weighted.weight.sum() ** 2)
    assert abs(kept.met.mean() - mean) < 4 * error


def test_models_without_acceptance_give_no_weights(tmp_path: Path) -> None:
    sampler = Sampler(opened(tmp_path, "masked"))
    with pytest.raises(ValueError, match="ttbar/whole gives no weights"):
        sampler.slice(10, 1, validity="weighted")


def test_a_redrawn_event_keeps_its_mask(generator: WholeEvents) -> None:
    raw, valid = (generator.block(3, 1, validity).events.masks() for validity in ("all", "valid"))
    changed = (raw != valid).any()
    assert changed == (generator.manifest.masks is None)


def test_any_slice_of_the_data_set_is_the_same(generator: WholeEvents) -> None:
    sampler, size = Sampler(generator), generator.manifest.block_events
    whole = sampler.sample(2 * size, seed=9)
    assert_same_events(
        sampler.sample(size, seed=9, offset=size // 2), whole.slice(size // 2, size + size // 2)
    )
    assert_same_events(whole, whole.sort_objects())


@dataclass(frozen=True)
class Rounding:
    """A session that rounds one way or another, depending on all rows of a run."""

    session: Session

    def run(self, output_names: list[str], input_feed: Mapping[str, Any]) -> list[npt.NDArray[Any]]:
        outputs = self.session.run(output_names, input_feed)
        change = np.float32(1 + 1e-4 * float(np.mean(input_feed["normal"])))
        return [
            output * change if name == "pt" else output
            for name, output in zip(output_names, outputs, strict=True)
        ]


@pytest.mark.parametrize(("offset", "n"), [(0, 100), (500, 30), (700, 900), (1600, 1000)])
def test_slices_are_the_same_even_if_a_graph_rounds_by_the_rows_beside(
    generator: WholeEvents, offset: int, n: int
) -> None:
    graph = replace(generator.graphs["events"], session=Rounding(generator.graphs["events"].session))
    manifest = generator.manifest.model_copy(update={"block_events": 2048})
    sampler = Sampler(replace(generator, manifest=manifest, graphs={**generator.graphs, "events": graph}))
    whole = sampler.sample(4096, seed=2)
    assert_same_events(sampler.sample(n, seed=2, offset=offset), whole.slice(offset, offset + n))


@dataclass(frozen=True)
class Altered:
    """A session one of whose outputs is changed."""

    session: Session
    name: str
    value: float

    def run(self, output_names: list[str], input_feed: Mapping[str, Any]) -> list[npt.NDArray[Any]]:
        outputs = self.session.run(output_names, input_feed)
        return [
            np.full_like(output, self.value) if name == self.name else output
            for name, output in zip(output_names, outputs, strict=True)
        ]


@pytest.mark.parametrize("validity", ["all", "valid"])
@pytest.mark.parametrize(
    ("name", "value", "told"),
    [("type", 7, "a type that does not exist"), ("met", np.nan, "met is not finite"), ("pt", 1, "5 times")],
)
def test_what_no_event_can_be_made_of_is_an_error(
    generator: WholeEvents, name: str, value: float, told: str, validity: Validity
) -> None:
    graph = replace(
        generator.graphs["events"], session=Altered(generator.graphs["events"].session, name, value)
    )
    broken = replace(generator, graphs={**generator.graphs, "events": graph}, max_attempts=5)
    if told == "5 times" and validity == "all":
        assert broken.block(1, 0, validity).n_invalid == broken.manifest.block_events
    else:
        with pytest.raises(OutputError, match=told):
            broken.block(1, 0, validity)


def test_more_objects_than_promised_are_an_error(generator: WholeEvents) -> None:
    strict = replace(generator, manifest=generator.manifest.model_copy(update={"max_objects": 1}))
    with pytest.raises(OutputError, match="more than 1 objects"):
        strict.block(1, 0, "all")


def test_only_the_first_block_begins_with_small_cells() -> None:
    assert cell_ends(0, 4096, refined=False) == [0, 256, 1024, 4096]
    assert cell_ends(0, 4096, refined=True) == [0, 128, 1024, 4096]
    assert cell_ends(7, 4096, refined=True) == [0, 4096]
    assert cell_ends(0, 200, refined=False) == [0, 200]


@pytest.mark.parametrize("offset", [0, 5, FIRST_EVENTS, 1023, 2055])
def test_a_slice_begins_with_the_rest_of_a_cell_and_makes_no_cell_twice(
    generator: WholeEvents, offset: int
) -> None:
    parts: list[tuple[int, int, int | None]] = []
    watched = WatchedGenerator(generator, begins=lambda *part: parts.append(part))
    n = generator.manifest.block_events
    for task in Sampler(watched).slice(2 * n, 1, offset).tasks():
        task()
    (index, start, stop), *others = parts
    assert (index, start) == divmod(offset, n)
    assert stop == generator.first_stop(index, start)
    assert all(begin in {0, stop} for _, begin, _ in others)
    assert sum((last or n) - begin for _, begin, last in parts) == 2 * n
