"""The leaderboard of the shipped models in the README; ``python -m tests.support.leaderboard`` renews it."""

from pathlib import Path

from tests.support.marked import with_marked
from training.evaluation.leaderboard.run import BOARD_MARKDOWN

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"


def with_leaderboard(text: str) -> str:
    """A text with the tables of `models/LEADERBOARD.md` between its markers, their links mended."""
    board = (ROOT / "models" / BOARD_MARKDOWN).read_text(encoding="utf-8")
    tables = board[board.index("\n## ") + 1 :].replace("## ", "### ").replace("](", "](models/")
    return with_marked(text, "leaderboard", f"\n{tables.strip()}\n\n")


if __name__ == "__main__":
    README.write_text(with_leaderboard(README.read_text(encoding="utf-8")), encoding="utf-8")
