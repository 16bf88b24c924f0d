"""The command ``eventmill-train compare``."""

from pathlib import Path
from typing import Final

import click

_EXAMPLES: Final = """\b
Examples:
  eventmill-train compare real.csv data/ttbar.csv --label real --label simulated
  eventmill-train compare a.csv b.parquet c.arrow --figure comparison.svg
"""


@click.command(epilog=_EXAMPLES)
@click.argument("first", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument(
    "others", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "--label", "labels", multiple=True, help="Name of each file, in order. [default: the files' names]"
)
@click.option(
    "--events", default=50_000, show_default=True, type=click.IntRange(100), help="At most, of each file."
)
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0), help="Of the classifier's folds."
)
@click.option(
    "--figure",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw distributions: .svg, .png or .pdf.",
)
def compare(
    first: Path,
    others: tuple[Path, ...],
    labels: tuple[str, ...],
    events: int,
    seed: int,
    figure: Path | None,
) -> None:
    """Hold samples of events against the FIRST: are they alike?

    Prints how far the mean of each observable lies from that of FIRST, in standard deviations of FIRST, and
    the area under the curve of a classifier that is given all observables: 0.5 if it cannot tell the samples
    apart, 1 if it always can.
    """
    from training.compare.report import compare_samples, read_sample, table  # noqa: PLC0415

    paths = (first, *others)
    names = labels or tuple(path.name for path in paths)
    if len(names) != len(paths):
        raise click.UsageError(f"there are {len(paths)} files and {len(names)} labels: give one for each")
    try:
        samples = [read_sample(path, name, events) for path, name in zip(paths, names, strict=True)]
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(table(compare_samples(samples, seed)))
    if figure is not None:
        from training.compare.figure import draw  # noqa: PLC0415

        draw(samples, figure)
        click.echo(f"Figure: {figure}")
