"""The command ``eventmill-train evaluate``."""

from pathlib import Path
from typing import Final

import click

_EXAMPLES: Final = """\b
Examples:
  eventmill-train evaluate ttbar/exp2 --truth data/ttbar.csv --json report.json
  eventmill-train evaluate "http://localhost:8000/generate?process=ttbar" --truth data/ttbar.csv --quick
  eventmill-train evaluate mine.parquet --truth real.csv --truth-split all
"""

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)
_OUT: Final = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog=_EXAMPLES)
@click.argument("sample", metavar="PROCESS/MODEL|URL|FILE")
@click.option(
    "--truth", required=True, multiple=True, type=_FILE, help="True events; repeat for several files."
)
@click.option(
    "--truth-split",
    type=click.Choice(["test", "halves", "all"]),
    default="test",
    show_default=True,
    help="True events to use. test: those that a model trained on these files never saw, with training "
    "events for the floor. halves: one half, with the other for the floor. all: all of them, no floor.",
)
@click.option("--events", default=100_000, show_default=True, type=click.IntRange(100), help="On each side.")
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0),
    help="Of generated events and of the judge.",
)
@click.option("--shelf", default=Path("models"), show_default=True, type=_FOLDER, help="Where models stand.")
@click.option(
    "--jet-radius",
    type=click.FloatRange(0, min_open=True),
    help="Of the jets of the truth. [default: as simulated, or 0.4]",
)
@click.option("--quick", is_flag=True, help="20,000 events at most, in about a minute.")
@click.option("--cache", type=_FOLDER, help="Keep the floor here, for other samples against the same truth.")
@click.option("--json", "report", type=_OUT, help="Write all that was found here.")
@click.option("--html", "page", type=_OUT, help="Write it as a page with pictures here.")
@click.option("--write", is_flag=True, help="Put the figures into the model's manifest and card.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def evaluate(
    sample: str,
    truth: tuple[Path, ...],
    truth_split: str,
    events: int,
    seed: int,
    shelf: Path,
    jet_radius: float | None,
    quick: bool,
    cache: Path | None,
    report: Path | None,
    page: Path | None,
    write: bool,
    quiet: bool,
) -> None:
    """How far is a sample from truth, and is that farther than truth is from truth?

    The sample is a model on a shelf, the address of a running service that generates events, or a file in any
    supported format. Each figure has its statistical error and stands beside its floor: what as many other
    true events get in its place. Within two errors of that, the sample is indistinguishable from truth.
    """
    # Heavy libraries are imported here, so that --help is instant.
    from models.errors import ArtefactError, UnknownModelError  # noqa: PLC0415
    from models.shelf import Shelf  # noqa: PLC0415
    from training.evaluation.evaluate import Task, evaluate_file, evaluate_model, evaluate_service  # noqa: PLC0415
    from training.evaluation.publish import publish  # noqa: PLC0415
    from training.evaluation.table import table  # noqa: PLC0415
    from training.evaluation.truth import TruthSplit  # noqa: PLC0415

    task = Task(truth, TruthSplit(truth_split), events, seed, jet_radius, quick, cache, progress=not quiet)
    remote, stored = sample.startswith(("http://", "https://")), Path(sample).is_file()
    if write and (remote or stored):
        raise click.UsageError("--write needs a model on a shelf")
    try:
        if remote:
            found = evaluate_service(sample, task)
        elif stored:
            found = evaluate_file(Path(sample), task)
        else:
            process, _, model = sample.partition("/")
            artefact = Shelf.open(shelf).get(process, model)
            found = evaluate_model(artefact, task)
            if write:
                publish(found, artefact)
    except (ValueError, OSError, ArtefactError, UnknownModelError) as error:
        raise click.ClickException(str(error)) from error
    if report:
        report.write_text(found.to_json(), encoding="utf-8")
    if page:
        from training.evaluation.pages.judgement import judgement_page  # noqa: PLC0415

        page.write_text(judgement_page(found), encoding="utf-8")
    click.echo(table(found))
