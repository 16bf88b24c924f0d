from pathlib import Path

import pytest

from tests.support.tiny_model import build_artefact


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A fresh artefact that a test may damage."""
    return build_artefact(tmp_path)
