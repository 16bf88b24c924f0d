"""`eventmill-train refine` and `eventmill-train tune`."""

from pathlib import Path

import click

from training.console import clear_errors

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)

_DATA = click.option(
    "--data",
    required=True,
    multiple=True,
    type=_FILE,
    help="A file that the model learnt from; repeat for all, in the same order.",
)

_EXAMPLE = """\b
Example:
  eventmill-train refine ttbar/flow --data data/ttbar.csv --data data/ttbar_2.csv
  eventmill-train evaluate ttbar/flow-refined --truth data/ttbar.csv
"""


@click.command(epilog=_EXAMPLE)
@click.argument("model")
@_DATA
@click.option(
    "--shelf",
    default=Path("models"),
    show_default=True,
    type=_FOLDER,
    help="Where the model stands, and where the refined one goes.",
)
@click.option(
    "--limit",
    type=click.FloatRange(1, 10),
    default=1.1,
    show_default=True,
    help="Weight from which an event is kept for certain. About one attempt in LIMIT is kept.",
)
@click.option(
    "--events",
    type=click.IntRange(1000),
    default=1_000_000,
    show_default=True,
    help="True events at most, and as many generated ones.",
)
@click.option(
    "--trees", type=click.IntRange(1, 1000), default=150, show_default=True, help="Boosted trees at most."
)
@click.option(
    "--leaves", type=click.IntRange(2, 64), default=15, show_default=True, help="Leaves of a tree at most."
)
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of trees and generated events."
)
@click.option("--cache", type=_FOLDER, help="Where the tables of the data are or go. [default: a new folder]")
@click.option("--version", "model_version", default="1", show_default=True, help="Version of the model.")
@click.option("--quiet", is_flag=True, help="No progress bars.")
def refine(
    model: str,
    data: tuple[Path, ...],
    shelf: Path,
    limit: float,
    events: int,
    trees: int,
    leaves: int,
    seed: int,
    cache: Path | None,
    model_version: str,
    quiet: bool,
) -> None:
    """Refine MODEL, such as ttbar/flow: throw away what a classifier tells from truth.

    Boosted trees learn to tell the model's events from those it learnt from. Their weights become a second
    graph of a new model, MODEL-refined, whose sampler keeps an event with a probability in proportion to its
    weight and draws the others again.
    """
    from tempfile import TemporaryDirectory  # noqa: PLC0415

    from models.shelf import Artefact  # noqa: PLC0415
    from training.refinement.refine import refine as run_refinement  # noqa: PLC0415
    from training.refinement.samples import RefineConfig  # noqa: PLC0415
    from training.refinement.trees import TreesConfig  # noqa: PLC0415

    with clear_errors(), TemporaryDirectory() as folder:
        config = RefineConfig(events, limit, seed, TreesConfig(trees, leaves))
        refined = run_refinement(
            Artefact.open(shelf / model),
            data,
            shelf,
            config,
            cache=cache or Path(folder),
            model_version=model_version,
            progress=not quiet,
        )
    click.echo(f"Refined: of {model}'s events {refined.kept:.1%} are kept. Exported to {refined.folder}")


_TUNE_EXAMPLE = """\b
Example:
  eventmill-train train --process ttbar --config flow --data data/ttbar.csv --run runs/ttbar-flow
  eventmill-train tune runs/ttbar-flow --data data/ttbar.csv
  eventmill-train export runs/ttbar-flow
"""


@click.command(epilog=_TUNE_EXAMPLE)
@click.argument("run", type=_FOLDER)
@_DATA
@click.option("--cache", type=_FOLDER, help="Where the tables of the data are or go. [default: in the run]")
@click.option("--quiet", is_flag=True, help="No progress bars.")
def tune(run: Path, data: tuple[Path, ...], cache: Path | None, quiet: bool) -> None:
    """Tune a trained RUN with weighted events of its own; an interrupted one goes on.

    In each round boosted trees learn to tell the model's events from those it learnt from; the model is then
    fitted to events of its own, each weighted by how much likelier truth is. How, the configuration says in
    its tables [[tune]].
    """
    from tqdm import tqdm  # noqa: PLC0415

    from training.progress import Progress  # noqa: PLC0415
    from training.refinement.tune import tune as run_tuning  # noqa: PLC0415
    from training.run import Run  # noqa: PLC0415

    with clear_errors(), tqdm(desc="tuning", unit="epoch", disable=quiet) as bar:

        def report(round_: int, progress: Progress) -> None:
            bar.update(bool(progress.losses))
            if progress.losses:
                bar.set_postfix(round=round_, loss=f"{progress.losses[-1][1]:.5f}")

        rounds = run_tuning(
            Run.load(run), data, cache=cache or run / "tables", progress=not quiet, report=report
        )
    click.echo(f"Rounds of tuning done: {rounds}.")
    click.echo(f"Next: eventmill-train export {run}")
