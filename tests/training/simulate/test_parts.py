from dataclasses import replace
from pathlib import Path

import pytest

from events.batch import EventBatch
from tests.support.batches import assert_same_events
from training.simulate.cards import load_card
from training.simulate.errors import ForeignPartsError
from training.simulate.parts import Parts
from training.simulate.response import Response
from training.simulate.shards import Plan, ShardRecord

PLAN = Plan(load_card("ttbar"), seed=1, response=Response())
RECORD = ShardRecord(200, 5e-7, 1e-8)


def test_a_shard_comes_back_as_it_was(tmp_path: Path, reconstructed: EventBatch) -> None:
    parts = Parts(tmp_path)
    assert not parts.has(3, len(reconstructed))
    parts.store(3, reconstructed, RECORD)
    assert parts.has(3, len(reconstructed))
    batch, record = parts.load(3, len(reconstructed))
    assert_same_events(batch, reconstructed)
    assert record == RECORD


def test_shards_of_other_settings_are_refused_by_name(tmp_path: Path) -> None:
    parts = Parts(tmp_path / "parts")
    parts.open(PLAN)
    parts.open(PLAN)
    with pytest.raises(ForeignPartsError, match=r"another seed; .*delete the folder to start afresh"):
        parts.open(replace(PLAN, seed=2))
