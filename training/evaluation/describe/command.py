"""The command ``eventmill-train describe``."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from training.evaluation.describe.description import Description

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, path_type=Path)

_EXAMPLES: Final = """\b
Examples:
  eventmill-train describe data/ttbar.csv --html ttbar.html
  eventmill-train describe ttbar_10fb.csv.gz --skip-bad-lines --html ttbar.html --json ttbar.json
  eventmill-train describe part1.parquet part2.parquet --json sample.json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--html", type=_OUT, help="Write a page with all distributions here; it needs no network.")
@click.option("--json", "json_file", type=_OUT, help="Write all numbers here.")
@click.option("--skip-bad-lines", is_flag=True, help="Leave out lines that are not events; count them.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def describe(
    files: tuple[Path, ...], html: Path | None, json_file: Path | None, skip_bad_lines: bool, quiet: bool
) -> None:
    """Tell what events look like: spectra, numbers of objects, masks, correlations.

    All FILES together are one sample, of any size: they are read once, in a stream.
    """
    from tqdm import tqdm  # noqa: PLC0415

    from training.evaluation.describe.stream import describe as describe_files  # noqa: PLC0415

    try:
        with tqdm(unit=" events", unit_scale=True, disable=quiet) as bar:
            found = describe_files(files, on_error="skip" if skip_bad_lines else "raise", advance=bar.update)
        if json_file:
            json_file.write_text(found.to_json(), encoding="utf-8")
        if html:
            from training.evaluation.pages.description import description_page  # noqa: PLC0415

            html.write_text(description_page(found), encoding="utf-8")
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(_summary(found))


def _summary(found: "Description") -> str:
    """The least that one wants to know of a file."""
    objects = ", ".join(f"{number:,} {name}" for name, number in found.objects.items())
    lines = [f"{events:,} events of process {process}" for process, events in found.processes.items()]
    skipped = sum(file.skipped for file in found.files)
    return "\n".join(
        [
            *lines,
            f"{objects}",
            f"{found.invalid_events:,} events fail the selection criteria",
            *[f"{skipped:,} lines were not events and were left out"] * bool(skipped),
        ]
    )
