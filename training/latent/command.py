"""`eventmill-train latent`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from training.console import clear_errors

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("run", type=_FOLDER)
@click.option("--out", required=True, type=_FOLDER, help="Where latent.json and latent.png go.")
@click.option("--components", default=4, show_default=True, type=click.IntRange(1), help="To follow.")
def latent(run: Path, out: Path, components: int) -> None:
    """Study the latent space of a trained RUN by its principal components.

    Tells how the variance of the encodings falls off, and decodes events along the first components: what
    each of them steers.
    """
    from training.latent.plot import draw_study  # noqa: PLC0415
    from training.latent.study import study_latent_space  # noqa: PLC0415
    from training.run import Run  # noqa: PLC0415

    with clear_errors():
        study = study_latent_space(Run.load(run), components)
        out.mkdir(parents=True, exist_ok=True)
        (out / "latent.json").write_text(json.dumps(asdict(study), indent=1) + "\n")
        draw_study(study, out / "latent.png")
    needed = ", ".join(f"{share}: {count}" for share, count in study.dimensions_for.items())
    click.echo(
        f"{study.model}: {len(study.variance)} dimensions; components for a share of the variance: {needed}"
    )
