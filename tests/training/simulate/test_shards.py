from dataclasses import replace

import numpy as np
import pytest

from tests.support.batches import assert_same_events
from training.simulate.cards import load_card, parse_card
from training.simulate.errors import HopelessSelectionError
from training.simulate.response import JetResponse, Response
from training.simulate.shards import Plan, make_shard

PLAN = Plan(load_card("ttbar"), seed=1, response=Response(), shard_events=30, batch_events=20)


def test_a_shorter_shard_is_the_beginning_of_a_longer_one() -> None:
    long, _ = make_shard(PLAN, 2, 30)
    short, _ = make_shard(PLAN, 2, 10)
    assert_same_events(short, long.slice(0, 10))
    assert long.event_id.tolist() == list(range(60, 90))


def test_generated_events_are_counted_up_to_the_last_accepted_one() -> None:
    generated = [make_shard(PLAN, 2, n)[1].generated for n in (29, 30)]
    assert 29 <= generated[0] < generated[1] < 30 / 0.7


def test_shards_and_seeds_give_different_events() -> None:
    first, _ = make_shard(PLAN, 0, 5)
    for plan, index in ((PLAN, 1), (replace(PLAN, seed=2), 0)):
        assert not np.array_equal(first.met, make_shard(plan, index, 5)[0].met)


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAN, seed=2),
        replace(PLAN, card=load_card("stop_01")),
        replace(PLAN, response=Response(jets=JetResponse(radius=0.4))),
        replace(PLAN, batch_events=21),
    ],
)
def test_the_digest_tells_plans_apart(other: Plan) -> None:
    assert other.digest != PLAN.digest
    assert replace(PLAN).digest == PLAN.digest


def test_a_process_that_never_passes_is_an_error() -> None:
    soft = parse_card("soft", 'description = ""\nsettings = ["SoftQCD:elastic = on"]')
    with pytest.raises(HopelessSelectionError, match="of soft passes"):
        make_shard(replace(PLAN, card=soft, batch_events=20_000), 0, 5)
