"""How many events the simulation makes on the same cores, in turn with what the service makes of them.

What both make depends on what else the machine has to do: dense layers on all cores tell in between.
``python -m tests.benchmarks.simulation --only ttbar/flow`` takes four minutes.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click
import numpy as np

from models.manifest import Manifest
from service.generator import model_name
from service.runtime import usable_cores
from tests.benchmarks.limits import DenseLayers
from tests.benchmarks.loopback import read_body
from tests.benchmarks.machine import description
from tests.benchmarks.measure import on_all_cores, paired, ratio
from tests.benchmarks.report import Figure, Ratio, Report
from tests.benchmarks.serving import THOROUGH, target
from tests.benchmarks.subjects import SHIPPED, chosen
from tests.support.servers import serving_process
from training.simulate.cards import load_card
from training.simulate.response import Response
from training.simulate.run import Request, simulate
from training.simulate.shards import Plan

_SIMULATION, _DENSE = "simulation", "dense layers"
_DENSE_REPEATS = 500


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--only", multiple=True, help="PROCESS/MODEL to measure; all shipped by default.")
@click.option("--events", default=6_000, show_default=True, help="Events to simulate in a round.")
@click.option("--rounds", default=3, show_default=True, help="Rounds, of which the median counts.")
def main(only: tuple[str, ...], events: int, rounds: int) -> None:
    """Simulate and serve in turn: how many times as many events do models make?"""
    manifests = [artefact.manifest for artefact in chosen(SHIPPED, only)]
    report = Report.begun(description())
    with serving_process(SHIPPED) as service:
        for process in sorted({each.process for each in manifests}):
            of_process = [each for each in manifests if each.process == process]
            report.add(*measure_simulation(of_process, service.port, events, rounds))


def measure_simulation(
    manifests: Sequence[Manifest], port: int, events: int, rounds: int
) -> Iterator[Figure | Ratio]:
    """Events a second of a process on all cores, as CSV through HTTP over those of the simulation.

    Args:
        manifests: Models of the process.
        port: Where they are served.
        events: How many to simulate in a round; best a multiple of 1000 for each core.
        rounds: A round simulates and fetches from each model once.
    """
    process, served = manifests[0].process, THOROUGH.events
    layers = DenseLayers.open(_DENSE_REPEATS)
    variants: dict[str, Callable[[], object]] = {
        _DENSE: partial(on_all_cores, layers.run),
        _SIMULATION: partial(_simulate, process, events),
    }
    for manifest in manifests:
        variants[model_name(manifest)] = partial(read_body, port, "POST", target(manifest, served, "csv"))
    taken = paired(variants, rounds)
    simulated, dense = taken.pop(_SIMULATION), float(np.median(taken.pop(_DENSE)))
    operations = layers.operations * usable_cores()
    yield Figure(f"dense layers, all cores, in turn with {process}", operations / dense, "FLOP/s")
    yield Figure(f"{process} simulation, all cores", events / float(np.median(simulated)), "events/s")
    for name, seconds in taken.items():
        yield Figure(f"{name} HTTP csv in turn with it", served / float(np.median(seconds)), "events/s")
        over = ratio(simulated, seconds) * served / events
        yield Ratio(f"{name} HTTP csv over simulation", over, "higher", 200)


def _simulate(process: str, events: int) -> None:
    """A run of the simulation, its begin and end included."""
    plan = Plan(load_card(process), seed=1, response=Response())
    with tempfile.TemporaryDirectory() as folder:
        simulate(Request(plan, events, Path(folder) / "events.csv", usable_cores()), lambda _: None)


if __name__ == "__main__":
    main()
