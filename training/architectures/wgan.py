"""A Wasserstein GAN with gradient penalty over whole events, which the source documents tried in vain.

Arjovsky et al., arXiv:1701.07875; gradient penalty: Gulrajani et al., arXiv:1704.00028.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Final

import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from models.manifest import WholeEventsManifest
from training.adversarial import AdversarialFitter, GANConfig, WassersteinGAN
from training.architectures.base import Exported
from training.config import STRICT, FitConfig, TrainingConfig, checked
from training.data.cache import Tables
from training.data.slots import SLOT_TABLE, SlotLayout
from training.event_rows import EventRows, likeliest_types
from training.fit import load_best
from training.fitting import Rows, run_fitter
from training.latents import NORMAL, normals
from training.onnx_export import export_events, round_weights
from training.progress import Progress
from training.run import Run

_NETWORK: Final = "gan"
_ROWS_FILE: Final = "event_rows.json"
_NOTES: Final = (
    (
        "Adversarial networks are known to leave out modes and not to settle, and the source documents "
        "report no meaningful results. This one is what an honest effort gives."
    ),
    "Of all epochs it is the one whose single columns came closest to those of the validation events.",
    "What a slot holds is the likeliest type that the generator gives, or nothing.",
    "Energies and momenta are generated side by side, so an object may have E < p.",
)


@dataclass(frozen=True, slots=True, config=STRICT)
class Settings:
    """The tables of the configuration.

    Attributes:
        slots: The most objects of an event; events with more are left out.
        gan: Shape of the networks.
        fit: How they are fitted: rows of a batch, epochs and learning rate of both.
    """

    slots: Annotated[int, Field(ge=1)]
    gan: GANConfig
    fit: FitConfig

    @classmethod
    def of(cls, config: TrainingConfig) -> "Settings":
        """Those of a configuration."""
        return checked(cls, config.settings)


class WholeEventGAN:
    """See the module."""

    def layout(self, config: TrainingConfig) -> SlotLayout:
        """A table of slots."""
        return SlotLayout.any_type(Settings.of(config).slots)

    def prepare(self, run: Run, tables: Tables) -> None:
        """Keep the scales."""
        rows = EventRows.fit(self.layout(run.training_config), tables)
        (run.folder / _ROWS_FILE).write_text(json.dumps(rows.to_json(), indent=2))

    def networks(self, run: Run, tables: Tables) -> list[str]:  # noqa: ARG002
        """The generator and its critic, which are fitted together."""
        return [_NETWORK]

    def fit(self, run: Run, tables: Tables, network: str, report: Callable[[Progress], None]) -> None:
        """Fit the generator against the critic."""
        settings, seed, rows = Settings.of(run.training_config), run.training_config.seed, _rows(run)
        fitter = AdversarialFitter(
            WassersteinGAN(rows, settings.gan, seed=seed),
            settings.fit,
            seed=seed,
            folder=run.network_folder(network),
        )
        columns = Rows(SLOT_TABLE, rows.layout.columns, rows.forward)
        run_fitter(fitter, columns, tables, seed=seed, report=report)

    def finish(self, run: Run, tables: Tables) -> None:
        """Nothing is left to make."""

    def export(self, run: Run, folder: Path) -> Exported:
        """The generator, from noise to events."""
        settings, rows = Settings.of(run.training_config), _rows(run)
        model = WassersteinGAN(rows, settings.gan, seed=0)
        load_best(model, run.network_folder(_NETWORK))
        round_weights(model.generator)

        def generate(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            met, kinematics, types = model.outputs(inputs[NORMAL])
            return rows.physical(met, kinematics, likeliest_types(types))

        noises = (normals(settings.gan.latent),)
        fields = {
            "description": "A Wasserstein GAN with gradient penalty over the whole event",
            "reference": (
                "Wasserstein GAN (arXiv:1701.07875) with gradient penalty (arXiv:1704.00028), which the "
                "source documents tried for events at analysis level"
            ),
            "notes": _NOTES,
            "max_objects": rows.n_slots,
            "events": export_events(generate, noises, rows.n_slots, folder / "events.onnx"),
        }
        return Exported(WholeEventsManifest, fields)


ARCHITECTURE: Final = WholeEventGAN()


def _rows(run: Run) -> EventRows:
    return EventRows.from_json(json.loads((run.folder / _ROWS_FILE).read_text()))
