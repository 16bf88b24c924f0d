import numpy as np
import pytest

from events.batch import EventBatch
from training.simulate.cards import load_card
from training.simulate.detector import reconstruct
from training.simulate.generator import Generator
from training.simulate.particles import GeneratedBatch
from training.simulate.response import Response


@pytest.fixture(scope="session")
def generated() -> GeneratedBatch:
    return Generator(load_card("ttbar"), seed=5).generate(150)


@pytest.fixture(scope="session")
def reconstructed(generated: GeneratedBatch) -> EventBatch:
    return reconstruct(generated, "ttbar", Response(), np.random.default_rng(5))
