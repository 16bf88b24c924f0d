import numpy as np
import pytest

from models.manifest import Manifest
from models.shelf import Artefact
from service.addresses import AddressSpace, Stream


@pytest.fixture(scope="module")
def manifest(artefact: Artefact) -> Manifest:
    return artefact.manifest


def numbers(space: AddressSpace, stream: int = 0, index: int = 0, attempt: int = 0) -> list[float]:
    return list(space.generator(stream, index, attempt).random(4))


def test_an_address_always_holds_the_same_numbers(manifest: Manifest) -> None:
    assert numbers(AddressSpace.of(manifest, 7), 1, 2, 3) == numbers(AddressSpace.of(manifest, 7), 1, 2, 3)


def test_different_addresses_hold_different_numbers(manifest: Manifest) -> None:
    space = AddressSpace.of(manifest, 7)
    places = [
        (stream, index, attempt) for stream in range(4) for index in (0, 1, 2**62) for attempt in range(3)
    ]
    assert len({tuple(numbers(space, *place)) for place in places}) == len(places)


def test_a_moved_generator_equals_a_new_one(manifest: Manifest) -> None:
    space, counter = AddressSpace.of(manifest, 7), [0, 3, 5, int(Stream.REDRAW)]
    moved = [random.standard_normal(5, np.float32) for random in space.generators(Stream.REDRAW, [9, 5], 3)]
    philox = np.random.Philox(key=np.array(space.key, np.uint64), counter=np.array(counter, np.uint64))
    np.testing.assert_array_equal(moved[1], np.random.Generator(philox).standard_normal(5, np.float32))


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
    first, second = (space.generator(Stream.EVENT, index).standard_normal(20_000) for index in (0, 1))
    assert abs(np.corrcoef(first, second)[0, 1]) < 5 / np.sqrt(20_000)
