import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tests.support.tiny_runs import finished_run, prepared_run, tiny_config, tiny_events
from training.cli import main
from training.encodings import principal_components
from training.latent.study import OBSERVABLES, study_latent_space
from training.run import Run

EVENTS = tiny_events(2500, seed=3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finished_run(tmp_path_factory.mktemp("latent"), tiny_config("bvae"), EVENTS)


def test_the_study_follows_the_first_components(run: Run) -> None:
    study = study_latent_space(run, 3)
    assert len(study.traversals) == 3
    assert len(study.variance) == 4
    middle = len(study.positions) // 2
    for name in OBSERVABLES:
        # All traversals cross at the mean of the encodings.
        crossing = [traversal[name][middle] for traversal in study.traversals]
        assert crossing == pytest.approx([crossing[0]] * 3, rel=1e-4)


def test_the_command_writes_a_picture_and_its_numbers(run: Run, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["latent", str(run.folder), "--out", str(tmp_path), "--components", "2"]
    )
    assert result.exit_code == 0, result.output
    assert "ttbar/bvae: 4 dimensions" in result.output
    assert len(json.loads((tmp_path / "latent.json").read_text())["traversals"]) == 2
    assert (tmp_path / "latent.png").read_bytes().startswith(b"\x89PNG")


def test_an_architecture_without_a_latent_space_of_events_is_refused(tmp_path: Path) -> None:
    prepared, _ = prepared_run(tmp_path, tiny_config("exp2"), EVENTS)
    with pytest.raises(ValueError, match="exp2 has no single latent space"):
        study_latent_space(prepared, 2)


def test_principal_components_equal_those_of_a_singular_value_decomposition() -> None:
    rng = np.random.default_rng(1)
    points = (rng.standard_normal((500, 5)) @ rng.standard_normal((5, 5)) + 3).astype(np.float32)
    found = principal_components(points)
    centred = points.astype(np.float64) - points.mean(axis=0)
    _, singular, vectors = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(found["variance"], singular**2 / len(points), rtol=1e-4)
    np.testing.assert_allclose(np.abs(np.sum(found["components"] * vectors, axis=1)), 1, atol=1e-4)
