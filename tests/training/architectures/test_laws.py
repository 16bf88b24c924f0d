"""What every registered architecture keeps to, from training to generated events."""

from pathlib import Path

import numpy as np
import pytest

from events.batch import OBJECT_FLOATS
from models.manifest import WholeEventsManifest
from models.shelf import Artefact
from service.sampler import Sampler
from tests.support.batches import assert_same_events
from tests.support.tiny_runs import finished_run, tiny_config, tiny_events
from training.architectures import ARCHITECTURES
from training.export import export
from training.run import Run

EVENTS = tiny_events(4000, seed=3)


@pytest.fixture(scope="module", params=ARCHITECTURES)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return finished_run(tmp_path_factory.mktemp(request.param), tiny_config(request.param), EVENTS)


@pytest.fixture(scope="module")
def artefact(run: Run) -> Artefact:
    # The export compares every graph with the network that it comes from.
    return Artefact.open(export(run, run.folder.parent / "shelf"))


def test_events_are_complete_and_finite(artefact: Artefact) -> None:
    batch = Sampler.open(artefact).sample(3000, seed=1, validity="all")
    assert batch.event_id.tolist() == list(range(3000))
    assert batch.n_objects > 0
    assert 0 <= batch.multiplicity.min() <= batch.multiplicity.max() <= artefact.manifest.max_objects
    assert np.isfinite(batch.met).all()
    for name in OBJECT_FLOATS:
        assert np.isfinite(getattr(batch, name)).all()
    assert (batch.pt > 0).all()
    assert (np.abs(np.concatenate([batch.phi, batch.met_phi])) <= np.pi + 1e-5).all()


def test_only_types_that_occur_in_the_training_are_made(artefact: Artefact) -> None:
    batch = Sampler.open(artefact).sample(2000, seed=1, validity="all")
    made, learnt = (set(np.unique(events.type).tolist()) for events in (batch, EVENTS))
    # A slot for any type may hold any: one epoch is too short to forget those that never occur.
    assert made <= learnt or artefact.manifest.model in {"exp0", "bvae", "bgmm", "wgan"}


def test_the_same_slice_is_the_same_however_it_is_cut(artefact: Artefact) -> None:
    sampler, size = Sampler.open(artefact), artefact.manifest.block_events
    around = sampler.sample(60, seed=5, offset=size - 30, validity="all")
    assert_same_events(sampler.sample(20, seed=5, offset=size - 10, validity="all"), around.slice(20, 40))


def test_a_run_that_is_loaded_again_gives_the_same_artefact(
    run: Run, artefact: Artefact, tmp_path: Path
) -> None:
    again = Artefact.open(export(Run.load(run.folder), tmp_path))
    assert again.manifest.digest == artefact.manifest.digest


def test_the_card_tells_what_to_know(artefact: Artefact) -> None:
    assert artefact.manifest.notes
    assert all(note in artefact.card() for note in artefact.manifest.notes)


def test_a_mask_generator_keeps_the_frequencies_of_the_training(run: Run, artefact: Artefact) -> None:
    if "masks" not in artefact.manifest.graphs:
        pytest.skip("this architecture has no mask generator")
    n = 20_000
    made = Sampler.open(artefact).sample(n, seed=2, validity="all").masks()
    with np.load(run.folder / "masks.npz") as stored:
        learnt = stored["masks"].astype(np.int64)
    for mask in np.unique(learnt, axis=0):
        share = float((learnt == mask).all(axis=1).mean())
        found = float((made == mask).all(axis=1).mean())
        assert abs(found - share) < 5 * np.sqrt(share / n) + 1e-4


def test_the_latent_space_has_orthonormal_components_by_falling_variance(artefact: Artefact) -> None:
    manifest = artefact.manifest
    if not isinstance(manifest, WholeEventsManifest) or manifest.latent is None:
        pytest.skip("this architecture keeps no encodings")
    with np.load(artefact.folder / manifest.latent.file) as stored:
        components, variance = stored["components"], stored["variance"]
    np.testing.assert_allclose(components @ components.T, np.eye(len(components)), atol=1e-5)
    assert (np.diff(variance) <= 0).all()
