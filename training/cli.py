"""`eventmill-train`: simulate, train, export and evaluate."""

from pathlib import Path
from typing import Any

import click

from training.config import load_config, shipped_configs
from training.console import clear_errors
from training.evaluation.command import evaluate
from training.evaluation.describe.command import describe
from training.evaluation.leaderboard.command import leaderboard
from training.evaluation.pages.command import draw
from training.latent.command import latent
from training.refinement.command import refine, tune
from training.scan.command import scan
from training.simulate.command import simulate

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


_CHAIN = """\b
The whole chain, for 5,000 events:
  eventmill-train simulate --process ttbar --events 5000 --seed 1 --out data/ttbar.csv
  eventmill-train train --process ttbar --data data/ttbar.csv --run runs/ttbar
  eventmill-train export runs/ttbar --shelf my-models
  eventmill-train evaluate ttbar/exp2 --shelf my-models --truth data/ttbar.csv --events 1000
  eventmill serve --models my-models
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"]}, epilog=_CHAIN)
@click.version_option(package_name="eventmill")
def main() -> None:
    """Train Eventmill's generators: simulate events, learn them, put the model on the shelf, judge it."""


main.add_command(simulate)
main.add_command(evaluate)
main.add_command(describe)
main.add_command(leaderboard)
main.add_command(draw)
main.add_command(scan)
main.add_command(latent)
main.add_command(refine)
main.add_command(tune)


@main.command()
@click.option("--process", required=True, help="Name of the process on the shelf, such as ttbar.")
@click.option(
    "--data", required=True, multiple=True, type=_FILE, help="Events to learn from; repeat for several files."
)
@click.option(
    "--run", "folder", required=True, type=_FOLDER, help="Folder of the run. An interrupted run goes on."
)
@click.option(
    "--config",
    default="exp2",
    show_default=True,
    help=f"A TOML file, or the name of a shipped configuration: {', '.join(shipped_configs())}.",
)
@click.option("--epochs", type=click.IntRange(1), help="Epochs at most, instead of the configuration's.")
@click.option("--seed", type=click.IntRange(0), help="Seed, instead of the configuration's.")
@click.option(
    "--generator", help="What produced the events, for the model card; known for files of `simulate`."
)
@click.option("--cache", type=_FOLDER, help="Where to keep the tables of the data. [default: in the run]")
@click.option("--workers", type=click.IntRange(1), help="Networks to fit at a time. [default: one a core]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
def train(
    process: str,
    data: tuple[Path, ...],
    folder: Path,
    config: str,
    epochs: int | None,
    seed: int | None,
    generator: str | None,
    cache: Path | None,
    workers: int | None,
    quiet: bool,
) -> None:
    """Train a model on event files of any size, in Dark Machines CSV, Arrow or Parquet.

    The files are read once, in a stream, into tables that every later epoch reads. Events are split by their
    position in the file into train, validation and test events; test events are never read here.
    """
    # Heavy libraries are imported by the commands that need them, so that --help is instant.
    from training.provenance import describe_generator  # noqa: PLC0415
    from training.train import train as run_training  # noqa: PLC0415

    with clear_errors():
        run = run_training(
            process=process,
            config=_with_overrides(load_config(config), epochs=epochs, seed=seed),
            data=data,
            folder=folder,
            cache=cache or folder / "tables",
            generator=generator or describe_generator(data),
            workers=workers,
            progress=not quiet,
        )
    click.echo(f"Trained {run.process}/{run.training_config.model} on {run.events['train']:,} events.")
    click.echo(f"Next: eventmill-train export {folder}")


@main.command()
@click.argument("run", type=_FOLDER)
@click.option("--shelf", default=Path("models"), show_default=True, type=_FOLDER, help="Where models stand.")
@click.option("--version", "model_version", default="1", show_default=True, help="Version of the model.")
def export(run: Path, shelf: Path, model_version: str) -> None:
    """Export a trained RUN to the shelf: ONNX graphs, manifest and card."""
    from training.export import export as export_run  # noqa: PLC0415
    from training.run import Run  # noqa: PLC0415

    with clear_errors():
        folder = export_run(Run.load(run), shelf, model_version=model_version)
    click.echo(f"Exported to {folder}")
    click.echo(f"Next: eventmill serve --models {shelf}")


def _with_overrides(config: dict[str, Any], *, epochs: int | None, seed: int | None) -> dict[str, Any]:
    if epochs is not None:
        config["fit"] = config.get("fit", {}) | {"epochs": epochs}
    if seed is not None:
        config["seed"] = seed
    return config
