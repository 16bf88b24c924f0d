"""`make bench`: what the service does on this machine, beside what the machine could do."""

import sys
from pathlib import Path

import click

from models.shelf import Artefact
from service.generator import model_name
from service.sampler import Sampler
from tests.benchmarks.limits import measure_limits
from tests.benchmarks.machine import description
from tests.benchmarks.readers import measure_readers
from tests.benchmarks.report import Report, read_report, worsened
from tests.benchmarks.serving import QUICK, THOROUGH, Effort, measure_serving, memory_growth
from tests.benchmarks.stages import measure_stages
from tests.benchmarks.subjects import SHIPPED, chosen
from tests.support.servers import serving_process


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--shelf", type=click.Path(exists=True, file_okay=False, path_type=Path), default=SHIPPED)
@click.option("--only", multiple=True, help="PROCESS/MODEL to measure; all of the shelf by default.")
@click.option("--quick", is_flag=True, help="Fewer runs of fewer events.")
@click.option("--json", "out", type=click.Path(dir_okay=False, path_type=Path), help="File to keep it in.")
@click.option(
    "--compare",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Earlier result; fails if a ratio is worse by more than the tolerance.",
)
@click.option("--tolerance", default=0.2, show_default=True, help="Share of a ratio that may be lost.")
def main(
    shelf: Path,
    only: tuple[str, ...],
    quick: bool,
    out: Path | None,
    compare: Path | None,
    tolerance: float,
) -> None:
    """Measure limits, stages and the service: medians of several runs."""
    artefacts = chosen(shelf, only)
    report = Report.begun(description())
    _measure(report, shelf, artefacts, QUICK if quick else THOROUGH)
    if missed := [ratio for ratio in report.ratios if not ratio.met]:
        report.heading("Targets missed:\n  " + "\n  ".join(map(str, missed)))
    if out is not None:
        report.write(out)
    if compare is not None:
        _compare(read_report(compare), report, tolerance)


def _measure(report: Report, shelf: Path, artefacts: list[Artefact], effort: Effort) -> None:
    report.heading("Limits of this machine, one core each; the last is of all cores")
    limits = measure_limits(effort.runs)
    report.add(*limits.figures)
    stages = {}
    report.heading("Stages of one core; the noise makes its own normal numbers")
    for artefact in artefacts:
        stages[model_name(artefact.manifest)] = measured = measure_stages(artefact, limits, effort.runs)
        report.add(*measured.figures)
    report.heading("Readers, one core")
    blocks = Sampler.open(artefacts[0]).slice(effort.events, seed=1).tasks()
    for figure in measure_readers([block().events for block in blocks], effort.runs):
        report.add(figure)
    report.heading("Through HTTP, one client unless told otherwise")
    with serving_process(shelf) as service:
        for artefact in artefacts:
            for found in measure_serving(
                artefact.manifest, service.port, stages[model_name(artefact.manifest)], limits, effort
            ):
                report.add(found)
        for found in memory_growth(artefacts[0].manifest, service, effort):
            report.add(found)


def _compare(before: Report, now: Report, tolerance: float) -> None:
    worse = worsened(before.ratios, now.ratios, tolerance)
    for old, new in worse:
        click.echo(f"WORSE  {new.name}: {old.value:.3f} -> {new.value:.3f} ({new.better} is better)")
    click.echo(f"{len(worse)} ratios are worse by more than {tolerance:.0%} than on {before.machine['date']}")
    sys.exit(bool(worse))


if __name__ == "__main__":
    main()
