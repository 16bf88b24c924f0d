"""Train, export and judge every point of a scan, or go on where it was stopped."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from events.batch import EventBatch
from events.selection import invalid_event_rate
from models.manifest import AnyManifest, EventsManifest
from models.shelf import Artefact
from service.sampler import Sampler
from training.config import TrainingConfig
from training.data.reading import first_events, read_split
from training.data.slots import covered
from training.data.split import Split, SplitFractions
from training.evaluation.distances import distances
from training.export import export
from training.scan.plan import ScanPlan, ScanPoint
from training.train import train

_SEED: Final = 1
TABLE: Final = "scan"
"""Name of the table's files, without their endings."""


def run_scan(
    plan: ScanPlan,
    *,
    process: str,
    data: Sequence[Path],
    folder: Path,
    generator: str,
    workers: int | None,
    report: Callable[[dict[str, Any]], object],
) -> list[dict[str, Any]]:
    """The rows of the table, one a point: what was varied, and how the model did.

    Args:
        plan: The scan.
        process: Process ID, such as ``ttbar``.
        data: Event files of any supported format.
        folder: Where runs, models and the table go. Points that are in the table already are not run again.
        generator: What produced the events, for the manifests.
        workers: Networks to fit at a time; by default one a core.
        report: Told each new row.

    Raises:
        ValueError: If the plan or the data cannot be used.
    """
    rows = []
    for point in plan.points():
        path = folder / "rows" / f"{point.name}.json"
        if not path.exists():
            run = train(
                process=process,
                config=point.config,
                data=data,
                folder=folder / "runs" / point.name,
                cache=folder / "tables",
                generator=generator,
                workers=workers,
                progress=False,
            )
            artefact = Artefact.open(export(run, folder / "models"))
            row = point.values | _judged(artefact, point, data, plan.events) | {"events": run.events["train"]}
            _write(path, json.dumps(row, indent=2))
            report(row)
        rows.append(json.loads(path.read_text()))
        write_table(rows, folder)
    return rows


def write_table(rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write the rows so far as JSON and as CSV."""
    _write(folder / f"{TABLE}.json", json.dumps(rows, indent=2) + "\n")
    with (folder / f"{TABLE}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _judged(artefact: Artefact, point: ScanPoint, data: Sequence[Path], events: int) -> dict[str, float]:
    """Distances of generated and of training events from held-out ones, and the share of invalid events."""
    fractions = TrainingConfig.from_dict(point.config).split
    truth, learnt = (
        _covered_events(artefact.manifest, data, events, split, fractions)
        for split in (Split.TEST, Split.TRAIN)
    )
    n = min(len(truth), len(learnt))
    sampler = Sampler.open(artefact)
    found = asdict(distances(truth.slice(0, n), sampler.sample(n, _SEED)))
    floor = asdict(distances(truth.slice(0, n), learnt.slice(0, n)))
    raw = sampler.sample(n, _SEED, validity="all")
    return (
        found | {f"{name}_floor": value for name, value in floor.items()} | {"IER": invalid_event_rate(raw)}
    )


def _covered_events(
    manifest: AnyManifest, data: Sequence[Path], events: int, split: Split, fractions: SplitFractions
) -> EventBatch:
    covers = manifest.covers if isinstance(manifest, EventsManifest) else None
    batches = (batch.take(covered(batch, covers)) for batch in read_split(data, split, fractions))
    return first_events(batches, events)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
