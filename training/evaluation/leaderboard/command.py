"""The command ``eventmill-train leaderboard``."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)

_EXAMPLES: Final = """\b
Examples:
  eventmill-train leaderboard --truth ttbar=data/ttbar.csv --truth stop_02=data/stop_02.csv
  eventmill-train leaderboard --truth ttbar=data/ttbar.csv --only ttbar/exp2 --quick --shelf my-models
"""


@click.command(epilog=_EXAMPLES)
@click.option(
    "--truth",
    required=True,
    multiple=True,
    metavar="PROCESS=FILE",
    help="The data file that the models of a process were trained on; repeat for several.",
)
@click.option("--events", default=100_000, show_default=True, type=click.IntRange(100), help="On each side.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Of events and judge.")
@click.option("--shelf", default=Path("models"), show_default=True, type=_FOLDER, help="Where models stand.")
@click.option("--only", multiple=True, metavar="PROCESS/MODEL", help="Judge this model; repeat for several.")
@click.option("--quick", is_flag=True, help="20,000 events at most, in about a minute a model.")
@click.option("--cache", type=_FOLDER, help="Keep the floors here, for the next time.")
@click.option("--pages/--no-pages", default=True, help="Draw a page for each, 20 seconds a model.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
def leaderboard(
    truth: tuple[str, ...],
    events: int,
    seed: int,
    shelf: Path,
    only: tuple[str, ...],
    quick: bool,
    cache: Path | None,
    pages: bool,
    quiet: bool,
) -> None:
    """Judge all models on the shelf, and say who comes closest to truth.

    Beside each model, report.json and report.html tell what was found, and its manifest and card get the
    figures; LEADERBOARD.md and leaderboard.json at the root of the shelf put the models in order. Models that
    were judged before, with the same events, truth and settings, are not judged again.
    """
    from models.errors import ArtefactError  # noqa: PLC0415
    from models.shelf import Shelf  # noqa: PLC0415
    from training.evaluation.evaluate import Task  # noqa: PLC0415
    from training.evaluation.leaderboard.run import judge_shelf, write_leaderboard  # noqa: PLC0415

    files = _files(truth)
    try:
        with TemporaryDirectory() as floors:
            tasks = {
                process: Task(
                    tuple(paths),
                    events=events,
                    seed=seed,
                    quick=quick,
                    cache=cache or Path(floors),
                    progress=not quiet,
                )
                for process, paths in files.items()
            }
            board = judge_shelf(Shelf.open(shelf), tasks, only=only, announce=click.echo, pages=pages)
        write_leaderboard(board, shelf)
    except (ValueError, OSError, ArtefactError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{len(board.entries)} models: {shelf / 'LEADERBOARD.md'}")


def _files(truth: tuple[str, ...]) -> dict[str, list[Path]]:
    """The truth files by process."""
    found: dict[str, list[Path]] = {}
    for one in truth:
        process, equals, path = one.partition("=")
        if not equals:
            raise click.BadParameter(f"{one}: write PROCESS=FILE", param_hint="--truth")
        found.setdefault(process, []).append(Path(path))
    return found
