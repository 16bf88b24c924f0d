"""`eventmill-train scan`."""

from pathlib import Path
from typing import Any

import click

from training.console import clear_errors

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("plan", type=_FILE)
@click.option("--process", required=True, help="Name of the process, such as ttbar.")
@click.option(
    "--data", required=True, multiple=True, type=_FILE, help="Events to learn from; repeat for several files."
)
@click.option("--out", required=True, type=_FOLDER, help="Where the table goes. An interrupted scan goes on.")
@click.option("--workers", type=click.IntRange(1), help="Networks to fit at a time. [default: one a core]")
def scan(plan: Path, process: str, data: tuple[Path, ...], out: Path, workers: int | None) -> None:
    """Train and judge a model for every combination of values in PLAN, a TOML file.

    Each model is held against the test split by the thesis' distances and its share of invalid events: a row
    of scan.csv and scan.json, and a point in scan.png.
    """
    from training.provenance import describe_generator  # noqa: PLC0415
    from training.scan.plan import ScanPlan  # noqa: PLC0415
    from training.scan.plot import draw_scan  # noqa: PLC0415
    from training.scan.run import TABLE, run_scan  # noqa: PLC0415

    with clear_errors():
        checked = ScanPlan.load(plan)
        rows = run_scan(
            checked,
            process=process,
            data=data,
            folder=out,
            generator=describe_generator(data),
            workers=workers,
            report=_tell,
        )
        draw_scan(rows, list(checked.grid), f"{process}, {plan.stem}", out / f"{TABLE}.png")
    click.echo(f"{len(rows)} models in {out / TABLE}.csv")


def _tell(row: dict[str, Any]) -> None:
    told = (f"{value:.6g}" if isinstance(value, float) else str(value) for value in row.values())
    click.echo(", ".join(f"{name} {value}" for name, value in zip(row, told, strict=True)))
