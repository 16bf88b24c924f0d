"""What the source thesis measured (its Tables 8.1 and 7.5)."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class ThesisRow:
    """Figures of one of the thesis' models, on its own truth and machine.

    Attributes:
        process: Process ID.
        model: Name of the model on our shelf.
        label: The thesis' name of it.
        random: Whether its events come from random numbers, not from encodings of training events.
        WD: Wasserstein distance (eq. 6.5).
        JS: Jensen-Shannon distance.
        KL: Kullback-Leibler divergence.
        IER: Invalid-event rate, in [0, 1].
        ms_per_event: Time an event in milliseconds, on a graphics card.
    """

    process: str
    model: str
    label: str
    random: bool
    WD: float
    JS: float
    KL: float
    IER: float
    ms_per_event: float


def thesis_rows() -> tuple[ThesisRow, ...]:
    """All rows, in the order of the thesis."""
    table = Path(__file__).with_name("thesis.json").read_bytes()
    return TypeAdapter(tuple[ThesisRow, ...]).validate_json(table)


def thesis_row(process: str, model: str) -> ThesisRow | None:
    """The row of a model on our shelf, if the thesis has one."""
    return next((row for row in thesis_rows() if (row.process, row.model) == (process, model)), None)
