from time import perf_counter

import pytest

from service.errors import UnknownRequestError
from service.metrics import Metrics
from service.receipts import Receipts
from service.record import Outcome, RequestRecord

METRICS = Metrics()


def record(name: str, outcome: Outcome | None = "ok", ended: float | None = None) -> RequestRecord:
    dataset = {"process": "ttbar", "model": "exp2"}
    made = RequestRecord(METRICS, name, dataset, "csv", outcome=outcome)
    made.ended = perf_counter() if ended is None and outcome else ended
    return made


def test_only_the_latest_are_kept() -> None:
    receipts = Receipts(seconds=60, most=3)
    for number in range(5):
        receipts.add(record(str(number)))
    assert list(receipts.records) == ["2", "3", "4"]


def test_receipts_are_kept_for_a_while() -> None:
    receipts = Receipts(seconds=60)
    receipts.add(record("old", ended=perf_counter() - 61))
    receipts.add(record("new", ended=perf_counter() - 59))
    assert receipts.get("new").state == "complete"
    with pytest.raises(UnknownRequestError, match="'old'"):
        receipts.get("old")


def test_of_several_with_one_id_the_latest_counts() -> None:
    receipts = Receipts(seconds=60)
    receipts.add(record("a", "error"))
    receipts.add(record("a"))
    assert receipts.get("a").outcome == "ok"


@pytest.mark.parametrize(
    ("outcome", "waited", "state"),
    [
        (None, None, "waiting"),
        (None, 0.1, "streaming"),
        ("ok", 0.1, "complete"),
        ("client_closed", 0.1, "broken"),
        ("shed", None, "broken"),
    ],
)
def test_the_state_follows_the_request(outcome: Outcome | None, waited: float | None, state: str) -> None:
    receipts, one = Receipts(seconds=60), record("a", outcome)
    one.waited = waited
    receipts.add(one)
    told = receipts.get("a")
    assert told.state == state
    assert (told.sha256 is not None) is (outcome == "ok")
