"""Judging the models of a shelf, one after the other; what is known of a model is not judged again."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from models.shelf import Artefact, Shelf
from training.evaluation.evaluate import Task, evaluate_model
from training.evaluation.judge import JUDGE_VERSION
from training.evaluation.judgement import Judgement
from training.evaluation.leaderboard.board import Leaderboard, entry
from training.evaluation.leaderboard.markdown import leaderboard_markdown
from training.evaluation.pages.judgement import judgement_page
from training.evaluation.publish import publish
from training.evaluation.truth import files_digest
from training.simulate.parts import write_atomically

REPORT_JSON: Final = "report.json"
"""A model's judgement, beside its manifest."""

REPORT_HTML: Final = "report.html"
"""The same as a page."""

BOARD_JSON: Final = "leaderboard.json"
BOARD_MARKDOWN: Final = "LEADERBOARD.md"
"""The leaderboard, at the root of the shelf."""


def judge_shelf(
    shelf: Shelf,
    tasks: Mapping[str, Task],
    *,
    only: Collection[str] = (),
    announce: Callable[[str], object] = lambda _: None,
    judge: Callable[[Artefact, Task], Judgement] = evaluate_model,
    pages: bool = True,
) -> Leaderboard:
    """Judge all models that have a task, and keep what is found beside each.

    A model's report, page, manifest and card are written as soon as it is judged, so an interrupted run goes
    on where it ended.

    Args:
        shelf: The models.
        tasks: How to judge those of each process. Models of other processes are left out.
        only: Names ``process/model`` of those to judge; by default all. Others are on the board if their
            report is up to date.
        announce: Told what happens to each model.
        judge: What judges a model.
        pages: Whether to draw a page for each model that has none of its judgement.

    Raises:
        ValueError: If `only` names a model that is not there, or truth has too few events.
        OSError: If a file cannot be read or written.
    """
    chosen = [artefact for artefact in shelf if artefact.manifest.process in tasks]
    if unknown := set(only) - {name(artefact) for artefact in chosen}:
        raise ValueError(f"no such models to judge: {', '.join(sorted(unknown))}")
    entries = []
    for artefact in chosen:
        task = tasks[artefact.manifest.process]
        found = stored_judgement(artefact, task)
        if found is None and only and name(artefact) not in only:
            announce(f"{name(artefact)}: left out, as it is not judged yet")
            continue
        announce(f"{name(artefact)}: {'judged before' if found else 'judging'}")
        found = found or _keep(artefact, judge(artefact, task))
        if pages:
            _draw(artefact, found)
        publish(found, artefact)
        entries.append(entry(artefact, found))
    return Leaderboard.of(entries)


def stored_judgement(artefact: Artefact, task: Task) -> Judgement | None:
    """What an earlier run found with this model, truth, settings and judge; None if there is nothing."""
    try:
        found = Judgement.from_json((artefact.folder / REPORT_JSON).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    wanted = (
        artefact.manifest.digest,
        task.seed,
        files_digest(task.files),
        asdict(task.settings),
        JUDGE_VERSION,
    )
    known = (
        found.sample.digest,
        found.sample.seed,
        found.truth.digest,
        found.settings,
        found.versions["judge"],
    )
    return found if known == wanted else None


def write_leaderboard(board: Leaderboard, folder: Path) -> None:
    """Write the leaderboard for people and for programs."""
    write_atomically(folder / BOARD_JSON, board.to_json().encode())
    write_atomically(folder / BOARD_MARKDOWN, leaderboard_markdown(board).encode())


def name(artefact: Artefact) -> str:
    """Name of a model with its process."""
    return f"{artefact.manifest.process}/{artefact.manifest.model}"


def _keep(artefact: Artefact, found: Judgement) -> Judgement:
    """Write a report; the page of an earlier one goes."""
    (artefact.folder / REPORT_HTML).unlink(missing_ok=True)
    write_atomically(artefact.folder / REPORT_JSON, found.to_json().encode())
    return found


def _draw(artefact: Artefact, found: Judgement) -> None:
    """Write the page of a report, unless it is there."""
    page = artefact.folder / REPORT_HTML
    if not page.exists():
        write_atomically(page, judgement_page(found).encode())
