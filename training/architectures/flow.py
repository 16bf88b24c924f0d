"""The flagship: whole events from uniform numbers, one object after another, exact where physics is exact.

Given the numbers of objects, which come from alias tables, a causal transformer over objects gives
piecewise linear densities of each object's pT, eta, phi and mass and of MET: an autoregressive flow with
linear splines.
Symmetries and supports are built in (see `training.autoregressive.coordinates`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import Floats, Ints
from models.graphs import MASK_INPUT
from models.manifest import WholeEventsManifest
from training.architectures.base import Exported
from training.autoregressive.coordinates import Canonical, Coordinates
from training.autoregressive.likelihood import Events, log_likelihood
from training.autoregressive.network import EventNetwork, NetworkConfig
from training.autoregressive.sampler import EventSampler
from training.autoregressive.strata import StratifiedRows
from training.config import STRICT, FitConfig, TrainingConfig, checked
from training.data.cache import Tables
from training.data.slots import SLOT_TABLE, SlotLayout, count_types
from training.data.split import Split
from training.event_rows import slot_rows
from training.fit import Fitter, load_best
from training.fitting import read_rows
from training.latents import UNIFORM, uniforms
from training.masks import keep_masks, kept_mask_generator
from training.onnx_export import export_events, export_masks, round_weights
from training.progress import Progress
from training.run import Run

_NETWORK: Final = "densities"
_COORDINATES_FILE: Final = "coordinates.json"
_OUTLIERS: Final = 3e-2
"""Share of the exported numbers in which densities near 0 may amplify rounding to more than it."""

_NOTES: Final = (
    (
        "Exact by construction: the numbers of objects (drawn from the table of all combinations in the "
        "training events), the cuts on objects, the event selection (but for electrons' gap in eta), falling "
        "pT within a type, E >= p, massless leptons and photons, no preferred azimuth, and the same events "
        "along and against the beam."
    ),
    "Learnt: all that objects and MET have to do with each other.",
    (
        "A jet whose azimuth would put it within 0.6 of another jet, which the jet algorithm excludes, draws "
        "another azimuth, up to three times."
    ),
    "No pT, mass or imbalance lies beyond the most extreme one of the training events.",
)


@dataclass(frozen=True, slots=True, config=STRICT)
class Settings:
    """The tables of the configuration.

    Attributes:
        frequent_share: Share of the events that the first level of the mask generator may cover.
        slots: The most objects of an event; events with more are left out.
        strata: The most objects of the events in each stratum of a batch but the last, rising.
        network: Shape of the network.
        fit: How it is fitted.
    """

    frequent_share: Annotated[float, Field(gt=0, le=1)]
    slots: Annotated[int, Field(ge=1, le=64)]
    strata: tuple[Annotated[int, Field(ge=1)], ...]
    network: NetworkConfig
    fit: FitConfig

    @classmethod
    def of(cls, config: TrainingConfig) -> "Settings":
        """Those of a configuration."""
        return checked(cls, config.settings)

    @property
    def bounds(self) -> tuple[int, ...]:
        """The most objects of the events in each stratum."""
        return (*self.strata, self.slots)

    def stratum(self, n_objects: Ints) -> Ints:
        """The stratum of events with so many objects."""
        stratum: Ints = np.searchsorted(self.bounds, n_objects)
        return stratum


class Densities:
    """The network as a `training.fit.Fitter` wants it; its rows are those of `rows`.

    Args:
        settings: The configuration.
        seed: Of the initial weights.
        sizes: Rows of each stratum in a training batch.
    """

    noise_width = 1

    def __init__(self, settings: Settings, *, seed: int, sizes: Sequence[int] = ()) -> None:
        self.network = EventNetwork(settings.network, seed=seed)
        self._settings = settings
        self._sizes = sizes

    @property
    def weights(self) -> Sequence[Any]:
        """The network's."""
        return self.network.weights

    @property
    def trainable_variables(self) -> Sequence[Any]:
        """The network's."""
        return self.network.weights

    def batch_loss(self, rows: tf.Tensor, noise: tf.Tensor, *, training: bool) -> tf.Tensor:  # noqa: ARG002
        """Minus the mean logarithm of the likelihood of events, whose training batches come in strata."""
        parts = tf.split(rows, self._sizes) if training else self._by_stratum(rows)
        logs = [
            tf.reduce_sum(log_likelihood(self.network, self._events(part, bound)))
            for part, bound in zip(parts, self._settings.bounds, strict=True)
            if part.shape[0] != 0
        ]
        return -tf.add_n(logs) / tf.cast(tf.shape(rows)[0], tf.float32)

    def _by_stratum(self, rows: tf.Tensor) -> list[tf.Tensor]:
        objects = tf.reduce_sum(tf.cast(rows[:, : self._settings.slots] >= 0, tf.int32), axis=1)
        bounds = (0, *self._settings.bounds)
        return [
            tf.boolean_mask(rows, (objects > least) & (objects <= most)) for least, most in pairwise(bounds)
        ]

    def _events(self, rows: tf.Tensor, most: int) -> Events:
        """The events of rows, without the slots that they do not use."""
        slots = self._settings.slots
        types, kinematics, positions, residuals = tf.split(rows, (slots, 4 * slots, 4 * slots, 2), axis=1)
        return Events(
            tf.cast(types[:, :most], tf.int32),
            tf.reshape(kinematics, (-1, slots, 4))[:, :most],
            tf.reshape(positions, (-1, slots, 4))[:, :most],
            residuals,
        )


class AutoregressiveFlow:
    """See the module."""

    def layout(self, config: TrainingConfig) -> SlotLayout:
        """Slots for any type."""
        return SlotLayout.any_type(Settings.of(config).slots)

    def prepare(self, run: Run, tables: Tables) -> None:
        """Keep masks and quantiles."""
        layout = self.layout(run.training_config)
        parts = [layout.split(rows) for rows in slot_rows(tables.path(Split.TRAIN, SLOT_TABLE))]
        met, types, objects = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        keep_masks(run.folder, count_types(types))
        coordinates = Coordinates.fit(Canonical.of(met, types, objects))
        (run.folder / _COORDINATES_FILE).write_text(json.dumps(coordinates.to_json(), indent=2))

    def networks(self, run: Run, tables: Tables) -> list[str]:  # noqa: ARG002
        """One."""
        return [_NETWORK]

    def fit(self, run: Run, tables: Tables, network: str, report: Callable[[Progress], None]) -> None:
        """Fit it by maximum likelihood."""
        config, settings = run.training_config, Settings.of(run.training_config)
        layout, coordinates = self.layout(config), _coordinates(run)
        train, validation = (
            _rows(coordinates, *layout.split(read_rows(tables.path(split, SLOT_TABLE), layout.columns)))
            for split in (Split.TRAIN, Split.VALIDATION)
        )
        stratum = settings.stratum((train[:, : settings.slots] >= 0).sum(axis=1))
        batches = StratifiedRows(train, stratum, batch_size=settings.fit.batch_size, seed=config.seed)
        model = Densities(settings, seed=config.seed, sizes=batches.sizes)
        fitter = Fitter(model, settings.fit, seed=config.seed, folder=run.network_folder(network))
        fitter.resume()
        report(fitter.progress)
        batches.begin(fitter.progress.epoch)
        fitter.run(batches, validation, report)

    def finish(self, run: Run, tables: Tables) -> None:
        """Nothing is left to make."""

    def export(self, run: Run, folder: Path) -> Exported:
        """The mask generator, and the graph from uniform numbers to events."""
        settings = Settings.of(run.training_config)
        model = Densities(settings, seed=0)
        load_best(model, run.network_folder(_NETWORK))
        round_weights(model.network)
        sampler = EventSampler(model.network, _coordinates(run), settings.slots)
        masks = kept_mask_generator(
            run.folder, frequent_share=settings.frequent_share, max_objects=settings.slots
        )

        def generate(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return sampler(inputs[MASK_INPUT.name], inputs[UNIFORM])

        fields = {
            "description": "The flagship: an autoregressive flow over the objects of an event",
            "reference": (
                "Eventmill (docs/flow.md): a causal transformer (arXiv:1706.03762) with attention biased by "
                "pairs (arXiv:2202.03772) and piecewise linear densities (arXiv:1808.03856)"
            ),
            "notes": (
                *_NOTES,
                f"Events with more than {settings.slots} objects are neither learnt nor generated.",
            ),
            "max_objects": settings.slots,
            "masks": export_masks(masks, folder / "masks.onnx"),
            "events": export_events(
                generate,
                (uniforms(sampler.uniforms),),
                settings.slots,
                folder / "events.onnx",
                takes_mask=True,
                outliers=_OUTLIERS,
            ),
        }
        return Exported(WholeEventsManifest, fields)


ARCHITECTURE: Final = AutoregressiveFlow()


def _coordinates(run: Run) -> Coordinates:
    return Coordinates.from_json(json.loads((run.folder / _COORDINATES_FILE).read_text()))


def _rows(coordinates: Coordinates, met: Floats, types: Ints, objects: Floats) -> Floats:
    """What `Densities` reads, float32[n, 9 slots + 2]."""
    events = Canonical.of(met, types, objects)
    kinematics = np.stack([events.log_pt, events.eta, events.phi, events.mass], axis=2)
    positions, residuals = coordinates.positions(events)
    flat = [x.reshape(len(types), -1) for x in (kinematics, positions)]
    return np.concatenate([events.types, *flat, residuals], axis=1, dtype=np.float32)
