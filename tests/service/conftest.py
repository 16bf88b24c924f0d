from dataclasses import replace
from pathlib import Path

import pytest

from models.shelf import Artefact
from service.sampler import Sampler
from tests.support.tiny_model import TINY, build_artefact


@pytest.fixture(scope="session")
def shelf_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two processes, one of them with two models. Not to be written to."""
    root = tmp_path_factory.mktemp("shelf")
    build_artefact(root, "ttbar", "exp2", seed=1)
    build_artefact(root, "ttbar", "other", seed=2)
    build_artefact(root, "stop_02", "exp2", seed=1)
    return root


@pytest.fixture(scope="session")
def large_blocks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf whose model works in blocks as large as a trained one's. Not to be written to."""
    root = tmp_path_factory.mktemp("large-blocks")
    build_artefact(root, size=replace(TINY, block_events=4096))
    return root


@pytest.fixture(scope="session")
def artefact(shelf_root: Path) -> Artefact:
    return Artefact.open(shelf_root / "ttbar" / "exp2")


@pytest.fixture(scope="session")
def sampler(artefact: Artefact) -> Sampler:
    return Sampler.open(artefact)
