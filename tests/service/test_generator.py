from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.objects import EVENT_CRITERIA, N_OBJECT_TYPES, OBJECT_CUTS, SYMBOLS
from events.selection import valid_events
from models.shelf import Artefact, Shelf
from service.addresses import AddressSpace, Stream
from service.generator import Validity
from service.independent_objects import IndependentObjects
from service.runtime import Noise, OutputError, Session, Tensor
from service.sampler import Sampler
from tests.events.test_selection import passes
from tests.support.batches import assert_same_events

Object: TypeAlias = tuple[str | float, ...]


@pytest.fixture(scope="module")
def generator(sampler: Sampler) -> IndependentObjects:
    assert isinstance(sampler.generator, IndependentObjects)
    return sampler.generator


def first_attempt(generator: IndependentObjects, seed: int, index: int) -> list[list[Object]]:
    """The objects of a block's first attempts, one row of noise and one object at a time."""
    space, n = AddressSpace.of(generator.manifest, seed), generator.manifest.block_events
    uniform = space.block("uniform", Stream.MASKS, index, slice(0, n), 4)
    masks = generator.graphs["masks"]({"noise": uniform})["mask"]
    rows = [map(slice, range(masks.sum()), range(1, masks.sum() + 1)) for _ in range(N_OBJECT_TYPES)]
    return [
        [
            decode(
                generator, type_, space.block("normal", Stream.OBJECTS + type_, index, next(rows[type_]), 8)
            )
            for type_ in range(N_OBJECT_TYPES)
            for _ in range(masks[event, type_])
        ]
        for event in range(n)
    ]


def later_attempt(
    generator: IndependentObjects, seed: int, id_: int, attempt: int, types: list[int]
) -> list[Object]:
    space, size = AddressSpace.of(generator.manifest, seed), np.array([8 * (1 + len(types))])
    numbers = space.events("normal", Stream.REDRAW, np.array([id_]), np.array([attempt]), size)
    noise = numbers.reshape(-1, 1, 8)[1:]
    return [decode(generator, type_, row) for type_, row in zip(sorted(types), noise, strict=True)]


def decode(generator: IndependentObjects, type_: int, noise: Noise) -> Object:
    columns = generator.graphs[SYMBOLS[type_]]({"noise": noise})
    return (SYMBOLS[type_], *(float(columns[name][0]) for name in ("E", "pt", "eta", "phi")))


def is_valid(event: list[Object]) -> bool:
    found = [(SYMBOLS.index(str(symbol)), float(pt), float(eta)) for symbol, _, pt, eta, _ in event]
    within = all(passes(OBJECT_CUTS[type_], pt, eta) for type_, pt, eta in found)
    return within and any(passes(EVENT_CRITERIA[type_], pt, eta) for type_, pt, eta in found)


def objects(generator: IndependentObjects, seed: int, index: int, validity: Validity) -> list[list[Object]]:
    events = generator.block(seed, index, validity).events
    columns = (events.type, events.E, events.pt, events.eta, events.phi)
    rows = [(SYMBOLS[type_], *map(float, rest)) for type_, *rest in zip(*columns, strict=True)]
    return [rows[start:stop] for start, stop in zip(events.offsets, events.offsets[1:], strict=False)]


def test_a_block_equals_its_plain_twin(generator: IndependentObjects) -> None:
    fast, plain = objects(generator, 3, 1, "all"), first_attempt(generator, 3, 1)
    assert [sorted(event) for event in fast] == [sorted(event) for event in plain]


def test_a_redrawn_event_is_the_first_valid_one_of_its_own_attempts(generator: IndependentObjects) -> None:
    raw, valid = generator.block(3, 1, "all").events, generator.block(3, 1, "valid").events
    redrawn, n = objects(generator, 3, 1, "valid"), generator.manifest.block_events
    for event in np.flatnonzero(~valid_events(raw))[:20]:
        types = [int(type_) for type_ in valid.type[valid.offsets[event] : valid.offsets[event + 1]]]
        attempts = (later_attempt(generator, 3, n + int(event), attempt, types) for attempt in range(1, 200))
        first = next(attempt for attempt in attempts if is_valid(attempt))
        assert sorted(first) == sorted(redrawn[event])


@dataclass(frozen=True)
class Altered:
    """A session whose outputs are changed."""

    session: Session
    change: Mapping[str, float]

    def run(self, output_names: list[str], input_feed: Mapping[str, Tensor]) -> list[Tensor]:
        outputs = self.session.run(output_names, input_feed)
        return [
            np.full_like(output, self.change[name]) if name in self.change else output
            for name, output in zip(output_names, outputs, strict=True)
        ]


def altered(generator: IndependentObjects, graph: str, **change: float) -> IndependentObjects:
    session = Altered(generator.graphs[graph].session, change)
    return replace(
        generator, graphs={**generator.graphs, graph: replace(generator.graphs[graph], session=session)}
    )


@pytest.mark.parametrize("validity", ["valid", "all"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_an_error(
    generator: IndependentObjects, value: float, validity: Validity
) -> None:
    with pytest.raises(OutputError, match=r"j\.onnx: pt is not finite"):
        altered(generator, "j", pt=value).block(1, 0, validity)


@pytest.mark.parametrize(("count", "told"), [(-1, "none negative"), (3, "more than 19 objects")])
def test_masks_that_no_event_has_are_an_error(generator: IndependentObjects, count: int, told: str) -> None:
    with pytest.raises(OutputError, match=told):
        altered(generator, "masks", mask=count).block(1, 0, "all")


def test_an_object_type_without_a_graph_is_an_error(generator: IndependentObjects) -> None:
    graphs = {name: graph for name, graph in generator.graphs.items() if name != "b"}
    with pytest.raises(OutputError, match="objects of type b, which has no graph"):
        replace(generator, graphs=graphs).block(1, 0, "all")


def test_a_model_that_never_makes_an_event_valid_is_an_error(generator: IndependentObjects) -> None:
    hopeless = replace(altered(generator, "j", pt=1.0), max_attempts=5)
    with pytest.raises(OutputError, match=r"ttbar/exp2: event \d+ with .* failed .* 5 times"):
        hopeless.block(1, 0, "valid")


def test_an_event_without_objects_can_be_raw_but_never_valid(generator: IndependentObjects) -> None:
    empty = replace(altered(generator, "masks", mask=0), max_attempts=2)
    assert empty.block(1, 0, "all").events.n_objects == 0
    with pytest.raises(OutputError, match="failed the selection criteria"):
        empty.block(1, 0, "valid")


@pytest.mark.parametrize("artefact", list(Shelf.open()), ids=lambda artefact: artefact.folder.parent.name)
def test_a_shipped_model_keeps_the_laws(artefact: Artefact) -> None:
    sampler = Sampler.open(artefact)
    size = artefact.manifest.block_events
    around = sampler.sample(20, seed=1, offset=size - 10)
    assert valid_events(around).all()
    assert around.event_id.tolist() == list(range(size - 10, size + 10))
    assert sampler.sample(10, seed=1, offset=size).met.tolist() == around.met[10:].tolist()


@given(cut=st.tuples(st.integers(0, 255), st.integers(1, 256)), validity=st.sampled_from(["valid", "all"]))
@settings(max_examples=20)
def test_a_part_of_a_block_holds_the_same_events(
    generator: IndependentObjects, cut: tuple[int, int], validity: Validity
) -> None:
    start, stop = min(cut), max(*cut, min(cut) + 1)
    whole, part = generator.block(3, 1, validity), generator.block(3, 1, validity, start, stop)
    assert_same_events(part.events, whole.events.slice(start, stop))
    assert part.n_generated == stop - start
