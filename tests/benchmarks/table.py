"""What `docs/bench.json` says, as a table: ``python -m tests.benchmarks.table FILE...`` puts it into files.

It goes between two markers; a file without them is left as it is.
"""

from pathlib import Path

import click

from events.formats import FORMAT_NAMES
from tests.benchmarks.report import Report, read_report
from tests.support.marked import with_marked

BENCH = Path(__file__).resolve().parents[2] / "docs/bench.json"
MARKED = "bench"

_TITLES = (
    "| model | CSV, events/s | Arrow | Parquet | first byte: median, 99 % | overhead | 8 clients over one |",
    "|---|---|---|---|---|---|---|",
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(files: tuple[Path, ...]) -> None:
    """Put the table into FILES."""
    for file in files:
        file.write_text(with_table(file.read_text(encoding="utf-8"), read_report(BENCH)), encoding="utf-8")


def with_table(text: str, report: Report) -> str:
    """A text with the table between its markers, where it has them."""
    return with_marked(text, MARKED, table(report))


def table(report: Report) -> str:
    """A row for each model: what it gives through HTTP."""
    values = {each.name: each.value for each in report.figures}
    values |= {each.name: each.value for each in report.ratios}
    models = [name.removesuffix(" HTTP csv") for name in values if name.endswith(" HTTP csv")]
    return "".join(f"{line}\n" for line in (*_TITLES, *(_row(model, values) for model in models)))


def _row(model: str, values: dict[str, float]) -> str:
    rates = [f"{round(values[f'{model} HTTP {each}'], -3):,.0f}" for each in FORMAT_NAMES]
    median, most = (
        values[f"{model} first byte, median"],
        values[f"{model} first byte, 99th percentile, in ms"],
    )
    overhead = values[f"{model} overhead over onnxruntime, Arrow"]
    clients = values[f"{model} 8 clients over one"]
    cells = (model, *rates, f"{median:.0f} ms, {most:.0f} ms", f"{overhead:.2f}", f"{clients:.0%}")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
