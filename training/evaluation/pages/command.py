"""The command ``eventmill-train draw``."""

from pathlib import Path
from typing import Final

import click

_EXAMPLES: Final = """\b
Example:
  eventmill-train draw exp2=models/ttbar/exp2/report.json nsf=models/ttbar/nsf/report.json \\
      --panel met --panel jet_1_pt --panel top_mass --out ttbar.pdf
"""


@click.command(epilog=_EXAMPLES)
@click.argument("reports", nargs=-1, required=True, metavar="LABEL=REPORT.json...")
@click.option(
    "--panel", "panels", required=True, multiple=True, help="An observable to draw; repeat for several."
)
@click.option(
    "--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="A .png, .svg or .pdf file."
)
@click.option("--truth-label", default="Truth", show_default=True, help="What to call truth.")
def draw(reports: tuple[str, ...], panels: tuple[str, ...], out: Path, truth_label: str) -> None:
    """Draw samples that were judged by the same truth into one figure.

    The reports are those of `evaluate --json` and `leaderboard`. Samples are scaled to truth's number of
    events; their ratios to truth stand below, with statistical errors.
    """
    from training.evaluation.judgement import Judgement  # noqa: PLC0415
    from training.evaluation.pages.overlay import draw_overlay  # noqa: PLC0415

    judgements = {}
    try:
        for one in reports:
            label, equals, path = one.partition("=")
            if not equals:
                raise click.UsageError(f"{one}: write LABEL=REPORT.json")
            judgements[label] = Judgement.from_json(Path(path).read_bytes())
        draw_overlay(judgements, panels, out, truth=truth_label)
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Figure: {out}")
