from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from events.batch import EventBatch
from events.digest import file_sha256
from events.files import write_events
from events.selection import valid_events
from models.manifest import RefinedEventsManifest
from models.shelf import Artefact
from service.sampler import Sampler
from tests.support.tiny_model import provenance
from tests.support.whole_model import build_whole_artefact
from training.evaluation.observables import observables
from training.refinement.refine import Refined, refine
from training.refinement.samples import RefineConfig
from training.refinement.trees import TreesConfig

EVENTS = 30_000
CONFIG = RefineConfig(events=EVENTS, limit=2.0, seed=3, trees=TreesConfig(trees=40))
SPLIT = {"model": "whole", "seed": 1, "split": {"train": 0.9, "validation": 0.1}}


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> EventBatch:
    """Events of the model itself, those of little MET being rarer."""
    root = tmp_path_factory.mktemp("unrefined")
    made = Sampler.open(Artefact.open(build_whole_artefact(root, masked=True))).sample(2 * EVENTS, 77)
    kept = np.random.default_rng(1).random(len(made)) < np.clip(made.met / 120, 0.3, 1)
    return made.take(kept)


@pytest.fixture(scope="module")
def base(truth: EventBatch, tmp_path_factory: pytest.TempPathFactory) -> tuple[Artefact, Path]:
    folder = tmp_path_factory.mktemp("base")
    data = folder / "truth.csv"
    write_events(data, [truth], provenance={})
    known = provenance()
    files = known.data.model_copy(update={"files": {data.name: file_sha256(data)}})
    training = known.model_copy(update={"config": SPLIT, "data": files})
    return Artefact.open(build_whole_artefact(folder, masked=True, training=training)), data


@pytest.fixture(scope="module")
def refined(base: tuple[Artefact, Path], tmp_path_factory: pytest.TempPathFactory) -> Refined:
    artefact, data = base
    folder = tmp_path_factory.mktemp("refined")
    return refine(artefact, [data], folder, CONFIG, cache=folder / "tables", progress=False)


def test_refined_events_are_nearer_to_truth(
    base: tuple[Artefact, Path], refined: Refined, truth: EventBatch
) -> None:
    before, after = (
        np.log(Sampler.open(artefact).sample(EVENTS, 5).met).mean()
        for artefact in (base[0], Artefact.open(refined.folder))
    )
    wanted = np.log(truth.met).mean()
    assert abs(after - wanted) < 0.2 * abs(before - wanted)


def test_the_graph_keeps_the_share_that_is_told(refined: Refined) -> None:
    sampler = Sampler.open(Artefact.open(refined.folder))
    raw = sampler.sample(4 * sampler.manifest.block_events, 9, validity="all")
    served = sampler.sample(4 * sampler.manifest.block_events, 9)
    kept = np.mean((raw.met == served.met)[valid_events(raw)])
    assert refined.kept == pytest.approx(0.5, abs=0.1)
    assert kept == pytest.approx(refined.kept, abs=0.06)


def test_no_jets_are_nearer_than_in_truth(refined: Refined, truth: EventBatch) -> None:
    closest = observables(Sampler.open(Artefact.open(refined.folder)).sample(EVENTS, 5))[
        "closest_jets"
    ].values
    assert np.nanmin(closest) > 0.99 * np.nanmin(observables(truth)["closest_jets"].values)


def test_the_manifest_tells_how(base: tuple[Artefact, Path], refined: Refined) -> None:
    artefact = Artefact.open(refined.folder)
    assert isinstance(artefact.manifest, RefinedEventsManifest)
    assert artefact.manifest.model == "whole-refined"
    assert artefact.manifest.training.config["refinement"] == asdict(CONFIG)
    assert artefact.manifest.training.config["split"] == SPLIT["split"]
    assert artefact.manifest.training.data == base[0].manifest.training.data
    assert "weight / 2" in artefact.card()


def test_the_same_again_is_the_same_file(
    base: tuple[Artefact, Path], refined: Refined, tmp_path: Path
) -> None:
    artefact, data = base
    again = refine(artefact, [data], tmp_path, CONFIG, cache=tmp_path / "tables", progress=False)
    assert Artefact.open(again.folder).manifest.digest == Artefact.open(refined.folder).manifest.digest


def test_other_files_than_the_model_learnt_from_are_refused(
    base: tuple[Artefact, Path], truth: EventBatch, tmp_path: Path
) -> None:
    other = tmp_path / "truth.csv"
    write_events(other, [truth.slice(0, 2000)], provenance={})
    with pytest.raises(ValueError, match="learnt from other files"):
        refine(base[0], [other], tmp_path, CONFIG, cache=tmp_path / "tables", progress=False)


def test_a_refined_model_is_not_refined_again(refined: Refined, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only once"):
        refine(
            Artefact.open(refined.folder),
            [],
            tmp_path,
            replace(CONFIG, seed=4),
            cache=tmp_path / "tables",
            progress=False,
        )
