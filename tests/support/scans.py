"""The tables of the scans in `docs/scans`; ``python -m tests.support.scans`` renews those of its page."""

import json
from pathlib import Path
from typing import Any, Final

from tests.support.marked import with_marked

SCANS: Final = Path(__file__).resolve().parents[2] / "docs/scans"
PAGE: Final = SCANS / "README.md"
_FIGURES: Final = ("WD", "JS", "KL", "IER")


def with_scans(text: str) -> str:
    """A text with the table of each scan between its markers."""
    for path in sorted(SCANS.glob("*.json")):
        text = with_marked(text, path.stem, f"\n{_table(json.loads(path.read_text(encoding='utf-8')))}\n")
    return text


def _table(rows: list[dict[str, Any]]) -> str:
    varied = [name for name in rows[0] if name.partition("_floor")[0] not in {*_FIGURES, "events"}]
    head = [*(f"`{name}`" for name in varied), *_FIGURES]
    align = [*["---"] * len(varied), *["---:"] * len(_FIGURES)]
    floor = {name: rows[0].get(f"{name}_floor") for name in _FIGURES}
    truth = ["*truth*", *[""] * (len(varied) - 1), *map(_number, floor.values())]
    told = [
        [*(str(row[name]) for name in varied), *(_number(row[name]) for name in _FIGURES)] for row in rows
    ]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, align, *told, truth))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


if __name__ == "__main__":
    PAGE.write_text(with_scans(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
