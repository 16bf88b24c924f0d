"""A conditional neural spline flow over whole events, given their numbers of objects.

Flow: Durkan et al., arXiv:1906.04032. 15 transformations: F. Vaselli, "Deep Learning and Generative Networks
for the simulation of high-energy physics events" (2022). The numbers of objects come from alias tables.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import Bools, EventBatch, Floats
from events.objects import N_OBJECT_TYPES
from models.graphs import MASK_INPUT
from models.manifest import WholeEventsManifest
from training.architectures.base import Exported
from training.config import STRICT, FitConfig, TrainingConfig, checked
from training.data.cache import SplitWriter, Tables
from training.data.slots import SLOT_TABLE, SlotLayout, count_types
from training.data.split import Split
from training.event_rows import slot_rows
from training.fit import load_best
from training.fitting import Rows, fit_network
from training.latents import NORMAL, UNIFORM, normals, uniforms
from training.masks import keep_masks, kept_mask_generator
from training.onnx_export import export_events, export_masks, round_weights
from training.progress import Progress
from training.run import Run
from training.spline_flow.coordinates import N_PLACEMENT, EventCoordinates
from training.spline_flow.coupling import CouplingFlow, FlowConfig
from training.spline_flow.layout import GroupedSlots

_NETWORK: Final = "flow"
_COORDINATES_FILE: Final = "coordinates.json"
_EVENTS_FOR_QUANTILES: Final = 500_000
_OUTLIERS: Final = 1e-3
"""Share of the exported numbers in which 15 splines may amplify rounding to more than it."""

_NOTES: Final = (
    (
        "The numbers of objects are drawn first, as for Experiment II; the flow then makes the whole event, "
        "with what its objects and MET have to do with each other."
    ),
    "Slots that an event does not fill have no part in its likelihood, rather than being filled with noise.",
    (
        "Exact by construction: falling pT, the cuts on objects, E >= p, no preferred azimuth, and the same "
        "events along and against the beam. Learnt: everything else, such as the distance between jets."
    ),
    (
        "The azimuth of MET is told from the direction that balances the objects; how well the balance holds "
        "in size is learnt."
    ),
    "No value lies beyond the most extreme one of the training events.",
)


@dataclass(frozen=True, slots=True, config=STRICT)
class Settings:
    """The tables of the configuration.

    Attributes:
        frequent_share: Share of the events that the first level of the mask generator may cover.
        slots: The most jets, b-jets and other objects of an event; events with more are left out.
        flow: Shape of the flow.
        fit: How it is fitted.
    """

    frequent_share: Annotated[float, Field(gt=0, le=1)]
    slots: GroupedSlots
    flow: FlowConfig
    fit: FitConfig

    @classmethod
    def of(cls, config: TrainingConfig) -> "Settings":
        """Those of a configuration."""
        return checked(cls, config.settings)


@dataclass(frozen=True, slots=True)
class FlowLayout:
    """Events that fit the flow's slots, in slots for any type.

    Attributes:
        slots: The flow's slots.
    """

    slots: GroupedSlots

    @property
    def padded(self) -> SlotLayout:
        """The slots of the table."""
        return SlotLayout.any_type(self.slots.total)

    @property
    def key(self) -> list[Any]:
        """Tells this layout from others."""
        return ["flow", 1, *self.slots.sizes]

    def select(self, batch: EventBatch) -> Bools:
        """The events that fit."""
        return self.slots.hold(batch.masks())

    def writer(self, folder: Path) -> SplitWriter:
        """Begin the table of a split."""
        return self.padded.writer(folder)


class EventFlow:
    """A flow over events; its rows are coordinates and numbers of objects, float32[n, lines + circles + 7].

    Args:
        coordinates: The coordinates.
        config: Shape of the flow.
        seed: Of the initial weights.
    """

    noise_width = 2

    def __init__(self, coordinates: EventCoordinates, config: FlowConfig, *, seed: int) -> None:
        self.coordinates = coordinates
        width = coordinates.slots.context_width
        self.flow = CouplingFlow(coordinates.lines, coordinates.circles, width, config, seed=seed)

    @property
    def weights(self) -> Sequence[Any]:
        """The flow's."""
        return self.flow.weights  # type: ignore[no-any-return]

    @property
    def trainable_variables(self) -> Sequence[Any]:
        """The flow's."""
        return self.flow.trainable_variables  # type: ignore[no-any-return]

    def batch_loss(self, rows: tf.Tensor, noise: tf.Tensor, *, training: bool) -> tf.Tensor:
        """Minus the mean logarithm of the likelihood of events, in training of their random reflections."""
        x, mask = rows[:, :-N_OBJECT_TYPES], tf.cast(rows[:, -N_OBJECT_TYPES:], tf.int64)
        if training:
            signs = tf.where(noise < 0, -1.0, 1.0)
            x = self.coordinates.reflect(x, signs[:, :1], signs[:, 1:])
        return -tf.reduce_mean(self.flow.log_prob(x, *self._given(mask)))

    def generate(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """What an events graph gives, from its inputs."""
        circles, placement = tf.split(inputs[UNIFORM], (self.coordinates.circles, N_PLACEMENT), axis=1)
        z = tf.concat([inputs[NORMAL], (2 * circles - 1) * np.float32(np.pi)], axis=1)
        mask = inputs[MASK_INPUT.name]
        return self.coordinates.events(self.flow.from_noise(z, *self._given(mask)), mask, placement)

    def _given(self, mask: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        filled, types = self.coordinates.slots.fill(mask)
        return self.coordinates.present(filled), self.coordinates.slots.context(filled, types)


class NeuralSplineFlow:
    """See the module."""

    def layout(self, config: TrainingConfig) -> FlowLayout:
        """A table of slots."""
        return FlowLayout(Settings.of(config).slots)

    def prepare(self, run: Run, tables: Tables) -> None:
        """Keep masks and coordinates."""
        layout = self.layout(run.training_config)
        masks, sample, missing = [], [], _EVENTS_FOR_QUANTILES
        for rows in slot_rows(tables.path(Split.TRAIN, SLOT_TABLE)):
            masks.append(count_types(layout.padded.split(rows)[1]))
            sample.append(rows[:missing])
            missing -= len(sample[-1])
        keep_masks(run.folder, np.concatenate(masks))
        coordinates = EventCoordinates.fit(layout.slots, *layout.padded.split(np.concatenate(sample)))
        (run.folder / _COORDINATES_FILE).write_text(json.dumps(coordinates.to_json(), indent=2))

    def networks(self, run: Run, tables: Tables) -> list[str]:  # noqa: ARG002
        """The flow."""
        return [_NETWORK]

    def fit(self, run: Run, tables: Tables, network: str, report: Callable[[Progress], None]) -> None:
        """Fit the flow by maximum likelihood."""
        config, coordinates = run.training_config, _coordinates(run)
        padded = self.layout(config).padded

        def transform(rows: Floats) -> Floats:
            met, types, objects = padded.split(rows)
            x = coordinates.forward(met, types, objects)
            return np.concatenate([x, count_types(types)], axis=1, dtype=np.float32)

        fit_network(
            EventFlow(coordinates, Settings.of(config).flow, seed=config.seed),
            Settings.of(config).fit,
            Rows(SLOT_TABLE, padded.columns, transform),
            tables,
            seed=config.seed,
            folder=run.network_folder(network),
            report=report,
        )

    def finish(self, run: Run, tables: Tables) -> None:
        """Nothing is left to make."""

    def export(self, run: Run, folder: Path) -> Exported:
        """The mask generator, and the flow from noise to events."""
        settings, coordinates = Settings.of(run.training_config), _coordinates(run)
        model = EventFlow(coordinates, settings.flow, seed=0)
        load_best(model, run.network_folder(_NETWORK))
        round_weights(model.flow)
        slots = coordinates.slots
        masks = kept_mask_generator(
            run.folder, frequent_share=settings.frequent_share, max_objects=slots.total
        )
        noises = (normals(coordinates.lines), uniforms(coordinates.circles + N_PLACEMENT))
        left_out = (
            f"Events with more than {slots.jets} jets, {slots.b_jets} b-jets or {slots.others} leptons and "
            "photons are neither learnt nor generated."
        )
        fields = {
            "description": "A conditional neural spline flow: whole events, given their numbers of objects",
            "reference": (
                "Neural spline flows (arXiv:1906.04032) with 15 transformations, as in F. Vaselli's thesis "
                "on the simulation of events at analysis level (2022)"
            ),
            "notes": (*_NOTES, left_out),
            "max_objects": slots.total,
            "masks": export_masks(masks, folder / "masks.onnx"),
            "events": export_events(
                model.generate,
                noises,
                slots.total,
                folder / "events.onnx",
                takes_mask=True,
                outliers=_OUTLIERS,
            ),
        }
        return Exported(WholeEventsManifest, fields)


ARCHITECTURE: Final = NeuralSplineFlow()


def _coordinates(run: Run) -> EventCoordinates:
    return EventCoordinates.from_json(json.loads((run.folder / _COORDINATES_FILE).read_text()))
