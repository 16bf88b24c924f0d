"""The model card: what a model is, where it comes from, what it is not, and how well it does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from models.graphs import AnyGraph
from models.manifest import CARD_FILE, Manifest
from training.evaluation.thesis import thesis_row

_CARD: Final = """# {process}/{model}

{description}.

- **Source**: {reference}.
- **Version**: {version}, digest `{digest}`.
- **Trained on** {events_train:,} events ({generator}), validated on {events_validation:,}; {events_test:,}
  events of the same file were kept for the evaluation. Seed {seed}, commit `{git_commit}`.
- **Noise in, physics out**: {noises}. Energies and momenta in GeV, angles in radians.
- **At most** {max_objects} objects an event.

## How well it does

{figures}

## What it is not

- It knows only what its training events show ({generator}). The models that Eventmill ships learnt from
  Pythia 8 with a parametrised detector, not from the collaboration's simulation.
- Generated events are not independent statistics beyond the {events_train:,} training events: more of them
  smooth the training sample, they do not add information to it.
{notes}
"""

_THESIS: Final = """The thesis' figures are of 300,000 generated events against its own truth, the
collaboration's simulation. The floor says how much of a figure is owed to the number of events; what follows,
and the scans in `docs/scans`, say what else is."""


def write_card(folder: Path, manifest: Manifest) -> None:
    """Write the card of an artefact beside its manifest."""
    data = manifest.training.data
    text = _CARD.format(
        **manifest.model_dump(
            include={"process", "model", "description", "reference", "version", "max_objects"}
        ),
        digest=manifest.digest,
        generator=data.generator,
        events_train=data.events_train,
        events_validation=data.events_validation,
        events_test=data.events_test,
        seed=manifest.training.seed,
        git_commit=manifest.training.git_commit,
        noises=_noises(manifest.graphs),
        notes="\n".join(f"- {note}" for note in manifest.notes),
        figures=_figures(manifest),
    )
    (folder / CARD_FILE).write_text(text, encoding="utf-8")


def _noises(graphs: Mapping[str, AnyGraph]) -> str:
    """What the graphs take, those together that take the same."""
    takers: dict[str, list[str]] = {}
    for role, graph in graphs.items():
        if taken := " and ".join(f"{noise.width} {noise.distribution}" for noise in graph.noises):
            takers.setdefault(taken, []).append(f"`{role}`")
    return "; ".join(f"{taken} numbers for {', '.join(roles)}" for taken, roles in takers.items())


def _figures(manifest: Manifest) -> str:
    figures = manifest.figures
    if not figures:
        return "Not evaluated yet: run `eventmill-train evaluate`."
    names = [name for name in figures if not name.endswith(("_error", "_floor"))]
    rows = [(name, *_cells(figures, name)) for name in names]
    head, after = ["figure", "value", "error", "floor"], ""
    if row := thesis_row(manifest.process, manifest.model):
        head.append(f"thesis, {row.label}")
        rows = [(*cells, _number(getattr(row, cells[0], None))) for cells in rows]
        after = f"\n\n{_THESIS}"
    lines = (" | ".join(cells) for cells in (head, ["---"] * len(head), *rows))
    return (
        "Against held-out truth, from `eventmill-train evaluate`; the floor is truth against truth:\n\n"
        + "\n".join(f"| {line} |" for line in lines)
        + after
    )


def _cells(figures: dict[str, float], name: str) -> tuple[str, ...]:
    """A figure, its error and its floor, where there are any."""
    return tuple(_number(figures.get(f"{name}{ending}")) for ending in ("", "_error", "_floor"))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 1e4 else f"{value:.4g}"
