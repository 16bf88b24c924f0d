"""Receipts: what was sent to whom asked for it, told for a while afterwards."""

from collections import OrderedDict
from dataclasses import dataclass, field
from time import perf_counter
from typing import Final, Literal

from pydantic import BaseModel

from service.errors import UnknownRequestError
from service.record import Outcome, RequestRecord

MOST_RECEIPTS: Final = 10_000
"""Receipts that are kept, about 2 kB each; the oldest go first."""


class Receipt(BaseModel):
    """What was sent in answer to a request for events.

    Attributes:
        request_id: ID of the request, as in its answer's X-Request-ID.
        state: ``waiting`` for a place, ``streaming``, ``complete``, or ``broken`` before its end.
        outcome: How it ended, in the words of the metrics; null until it has.
        dataset: What names the events exactly.
        format: Name of the format.
        rows: Events sent.
        bytes: Bytes sent.
        sha256: SHA-256 of all bytes; null unless the answer is complete.
        seconds: How long the request took, or has taken so far.
    """

    request_id: str
    state: Literal["waiting", "streaming", "complete", "broken"]
    outcome: Outcome | None
    dataset: dict[str, str]
    format: str
    rows: int
    bytes: int
    sha256: str | None
    seconds: float

    @classmethod
    def of(cls, record: RequestRecord) -> "Receipt":
        """The receipt of a request as it stands."""
        complete = record.outcome == "ok"
        ended: Literal["complete", "broken"] = "complete" if complete else "broken"
        running: Literal["waiting", "streaming"] = "waiting" if record.waited is None else "streaming"
        return cls(
            request_id=record.request_id,
            state=ended if record.outcome else running,
            outcome=record.outcome,
            dataset=dict(record.dataset),
            format=record.format,
            rows=record.events,
            bytes=record.bytes,
            sha256=record.sha256.hexdigest() if complete else None,
            seconds=record.seconds(),
        )


@dataclass(frozen=True, slots=True)
class Receipts:
    """The latest requests by their IDs; of several with one ID, the latest.

    Attributes:
        seconds: How long a receipt is kept once its request has ended.
        most: How many are kept.
        records: The requests, in order of their begin.
    """

    seconds: float
    most: int = MOST_RECEIPTS
    records: OrderedDict[str, RequestRecord] = field(default_factory=OrderedDict)

    def add(self, record: RequestRecord) -> None:
        """Keep a request's receipt from now on."""
        self.records.pop(record.request_id, None)
        self.records[record.request_id] = record
        while self.records and self._oldest_goes():
            self.records.popitem(last=False)

    def get(self, request_id: str) -> Receipt:
        """The receipt of a request.

        Raises:
            UnknownRequestError: If there is none, or none any more.
        """
        record = self.records.get(request_id)
        if record is None or self._expired(record):
            raise UnknownRequestError(request_id, self.seconds)
        return Receipt.of(record)

    def _oldest_goes(self) -> bool:
        return len(self.records) > self.most or self._expired(next(iter(self.records.values())))

    def _expired(self, record: RequestRecord) -> bool:
        return record.ended is not None and perf_counter() - record.ended > self.seconds
