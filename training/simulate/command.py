"""The command ``eventmill-train simulate``."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from training.simulate.run import Request

_NEEDED: Final = ("pythia8mc", "fastjet", "awkward")

_EXAMPLES: Final = """\b
Examples:
  eventmill-train simulate --list
  eventmill-train simulate --process ttbar --events 5000 --seed 1 --out data/ttbar.csv
  eventmill-train simulate --process stop_02 --events 300000 --seed 1 --out data/stop_02.parquet
"""


def _list(context: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or context.resilient_parsing:
        return
    from training.simulate.cards import known_processes, load_card  # noqa: PLC0415

    for name in known_processes():
        click.echo(f"{name:10} {load_card(name).description}")
    context.exit()


@click.command(epilog=_EXAMPLES)
@click.option("--process", required=True, help="What to collide; --list tells what there is.")
@click.option("--events", required=True, type=click.IntRange(1), help="Events that pass the selection.")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Same seed, same events.")
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write: .csv in the Dark Machines format, .parquet or .arrow.",
)
@click.option(
    "--jet-radius",
    default=0.6,
    show_default=True,
    type=click.FloatRange(0.1, 1.5),
    help="Radius of the anti-kT jets. That of the real files is 0.6.",
)
@click.option("--workers", type=click.IntRange(1), help="Processes at a time. [default: one a core]")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.option(
    "--list", is_flag=True, is_eager=True, expose_value=False, callback=_list, help="Show all processes."
)
def simulate(
    process: str, events: int, seed: int, out: Path, jet_radius: float, workers: int | None, quiet: bool
) -> None:
    """Simulate collision events from first principles: the truth that generators learn from.

    Pythia 8 collides protons at 13 TeV, a parametrised ATLAS-like detector measures what comes out, and the
    Dark Machines selection decides which events are kept. Event IDs count from 0 and weights are 1; OUT.json,
    beside the events, tells the cross section, all settings and checksums.

    The events depend on process, seed and position alone, not on the number of workers, and a longer file
    begins with the events of a shorter one. An interrupted run keeps its finished thousands of events beside
    OUT; the same command goes on with them.
    """
    from service.runtime import usable_cores  # noqa: PLC0415
    from training.simulate.cards import load_card  # noqa: PLC0415
    from training.simulate.errors import SimulationError  # noqa: PLC0415
    from training.simulate.response import JetResponse, Response  # noqa: PLC0415
    from training.simulate.run import Request  # noqa: PLC0415
    from training.simulate.shards import Plan  # noqa: PLC0415

    _require_packages()
    try:
        response = Response(jets=JetResponse(radius=jet_radius))
        plan = Plan(load_card(process), seed, response)
        request = Request(plan, events, out, workers or usable_cores())
        facts = _run(request, quiet=quiet)
    except SimulationError as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        click.echo("\nInterrupted. The same command goes on from the events that are finished.", err=True)
        raise click.exceptions.Exit(130) from None
    click.echo(
        f"{events:,} of {facts['generated']:,} events pass the selection: {out}\n"
        f"Cross section {facts['cross_section_pb']:.4g} +- {facts['cross_section_error_pb']:.2g} pb"
    )


def _run(request: "Request", *, quiet: bool) -> dict[str, object]:
    from tqdm import tqdm  # noqa: PLC0415

    from training.simulate.run import simulate as run_simulation  # noqa: PLC0415

    done = request.events - sum(n for _, n in request.missing())
    with tqdm(
        total=request.events, initial=done, unit=" events", desc=request.plan.card.name, disable=quiet
    ) as bar:
        return run_simulation(request, bar.update)


def _require_packages() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise click.ClickException(
            f"simulation needs {', '.join(missing)}: install it with pip install 'eventmill[simulation]'"
        )
