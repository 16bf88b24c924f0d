"""The leaderboard as Markdown."""

from collections.abc import Iterator, Sequence
from typing import Final

from training.evaluation.judgement import Figure
from training.evaluation.leaderboard.board import SHOWN, Entry, Leaderboard
from training.evaluation.pages.numbers import with_error
from training.evaluation.thesis import ThesisRow

_HEAD: Final = ("", "model", "AUC trees", "AUC MLP", "WD", "JS", "KL", "IER", "ms/event", "events/s", "MiB")
_SIGNS: Final = {"indistinguishable": " ✓", "close": " ≈", "far": "", None: ""}
_EXPLANATION: Final = """# Leaderboard

Made by `eventmill-train leaderboard`; [docs/evaluation.md](../docs/evaluation.md) explains each figure.

All models of a process are held against the same held-out truth. The nearest to it comes first: the one that
boosted trees tell from truth with the lowest area under the curve (AUC; 0.5 if they cannot tell). *Truth* is
other truth in the sample's place: no generator can be expected to do better. ✓ within two errors of it, or
better; ≈ at most 1.5 times as far from the ideal. WD, JS, KL and IER are the source thesis' figures; its own
rows are against its own truth and timed on a graphics card. Other times are of the machine that judged.
"""


def leaderboard_markdown(board: Leaderboard) -> str:
    """The leaderboard as a table for each process."""
    return "\n".join(
        [_EXPLANATION, *(line for process in board.processes for line in _process(board, process))]
    )


def _process(board: Leaderboard, process: str) -> Iterator[str]:
    entries = [entry for entry in board.entries if entry.process == process]
    events = sorted({entry.events for entry in entries})
    yield f"## {process}\n"
    yield f"{' or '.join(f'{n:,}' for n in events)} events on each side.\n"
    yield _row(_HEAD)
    yield _row(["---:", "---", *["---:"] * (len(_HEAD) - 2)])
    yield _row(["", "*truth*", *(_floor(entries[0].figure(name)) for name in SHOWN), "", "", ""])
    for rank, entry in enumerate(entries, 1):
        yield _row([str(rank), *_entry(entry)])
    for row in board.thesis:
        if row.process == process:
            yield _row(["", *_thesis(row)])
    yield ""


def _entry(entry: Entry) -> list[str]:
    link = f"[{entry.model}]({entry.process}/{entry.model}/card.md)"
    figures = [_value(entry.figure(name)) for name in SHOWN]
    time = f"{entry.ms_per_event:.3g}" if entry.ms_per_event is not None else ""
    rate = f"{entry.events_per_second:,.0f}" if entry.events_per_second is not None else ""
    return [link, *figures, time, rate, f"{entry.size / 2**20:.1f}"]


def _thesis(row: ThesisRow) -> list[str]:
    distances = [f"{value:.6f}" for value in (row.WD, row.JS, row.KL)]
    return [f"*thesis, {row.label}*", "", "", *distances, f"{row.IER:.4f}", f"{row.ms_per_event:.3g}", "", ""]


def _value(figure: Figure | None) -> str:
    return with_error(figure.value, figure.error) + _SIGNS[figure.verdict] if figure else ""


def _floor(figure: Figure | None) -> str:
    return with_error(figure.floor, figure.floor_error) if figure and figure.floor is not None else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
