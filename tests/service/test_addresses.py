import numpy as np
import pytest

from models.manifest import Manifest
from models.shelf import Artefact
from service.addresses import AddressSpace, Stream


@pytest.fixture(scope="module")
def manifest(artefact: Artefact) -> Manifest:
    return artefact.manifest


def numbers(space: AddressSpace, stream: int = 0, index: int = 0, attempt: int = 0) -> list[float]:
    one = np.array([index]), np.array([attempt]), np.array([4])
    return [float(number) for number in space.events("uniform", stream, *one)]


def test_an_address_always_holds_the_same_numbers(manifest: Manifest) -> None:
    assert numbers(AddressSpace.of(manifest, 7), 1, 2, 3) == numbers(AddressSpace.of(manifest, 7), 1, 2, 3)


def test_different_addresses_hold_different_numbers(manifest: Manifest) -> None:
    space = AddressSpace.of(manifest, 7)
    places = [
        (stream, index, attempt) for stream in range(4) for index in (0, 1, 2**62) for attempt in range(3)
    ]
    assert len({tuple(numbers(space, *place)) for place in places}) == len(places)


def test_the_numbers_are_those_of_the_counter_that_the_address_is(manifest: Manifest) -> None:
    space, counter = AddressSpace.of(manifest, 7), np.array([0, 3, 5, Stream.REDRAW], np.uint64)
    philox = np.random.Philox(key=np.array(space.key, np.uint64), counter=counter)
    expected = np.random.Generator(philox).random(4, np.float32).tolist()
    assert numbers(space, Stream.REDRAW, 5, 3) == expected


def test_events_hold_what_each_of_them_holds(manifest: Manifest) -> None:
    space, indices, attempts = AddressSpace.of(manifest, 7), np.array([9, 5]), np.array([1, 2])
    together = space.events("uniform", Stream.REDRAW, indices, attempts, np.array([4, 4])).tolist()
    assert together == numbers(space, Stream.REDRAW, 9, 1) + numbers(space, Stream.REDRAW, 5, 2)


def test_rows_of_a_block_are_those_of_the_whole_block(manifest: Manifest) -> None:
    space = AddressSpace.of(manifest, 7)
    whole = space.block("normal", Stream.EVENT, 3, slice(0, 50), 7)
    assert space.block("normal", Stream.EVENT, 3, slice(20, 30), 7).tolist() == whole[20:30].tolist()


@pytest.mark.parametrize("change", [{"process": "other"}, {"model": "other"}, {"version": "2"}])
def test_the_key_names_the_model(manifest: Manifest, change: dict[str, str]) -> None:
    assert AddressSpace.of(manifest.model_copy(update=change), 7) != AddressSpace.of(manifest, 7)


def test_the_key_names_the_seed(manifest: Manifest) -> None:
    keys = {AddressSpace.of(manifest, seed).key for seed in (0, 1, 2**32, 2**63, 2**64 - 1)}
    assert len(keys) == 5


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_a_seed_out_of_range_is_refused(manifest: Manifest, seed: int) -> None:
    with pytest.raises(ValueError, match="the seed must lie in"):
        AddressSpace.of(manifest, seed)


def test_the_numbers_of_neighbouring_blocks_are_uncorrelated(manifest: Manifest) -> None:
    space = AddressSpace.of(manifest, 7)
    first, second = (
        space.block("normal", Stream.EVENT, index, slice(0, 20_000), 1).ravel() for index in (0, 1)
    )
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(20_000)
