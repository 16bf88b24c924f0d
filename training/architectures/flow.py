"""The flagship: whole events from uniform numbers, one object after another, exact where physics is exact.

Given the numbers of objects, which come from alias tables, a causal transformer over objects gives
piecewise linear densities of each object's pT, eta, phi and mass and of MET: an autoregressive flow with
linear splines.
Symmetries and supports are built in (see `training.autoregressive.coordinates`).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

import numpy as np
import tensorflow as tf

from events.batch import Floats
from models.graphs import MASK_INPUT
from models.manifest import WholeEventsManifest
from training.architectures.base import Exported, WeightedRows
from training.autoregressive.coordinates import Canonical, Coordinates
from training.autoregressive.fittable import Densities, TunedDensities, fit_rows
from training.autoregressive.sampler import EventSampler
from training.autoregressive.settings import Settings
from training.autoregressive.strata import StratifiedRows
from training.config import FitConfig, TrainingConfig, TuneConfig
from training.data.cache import Tables
from training.data.slots import SLOT_TABLE, SlotLayout, count_types
from training.data.split import Split
from training.event_rows import slot_rows
from training.fit import Fitter, is_fitted, load_best
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
        "another azimuth, up to twice; one that would still be within 0.5 is turned away by a half or a "
        "quarter of a turn."
    ),
    "No pT, mass or imbalance lies beyond the most extreme one of the training events.",
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
            fit_rows(coordinates, *layout.split(read_rows(tables.path(split, SLOT_TABLE), layout.columns)))
            for split in (Split.TRAIN, Split.VALIDATION)
        )
        batches = _batches(settings, train, settings.fit, config.seed)
        model = Densities(settings, seed=config.seed, sizes=batches.sizes)
        fitter = Fitter(model, settings.fit, seed=config.seed, folder=run.network_folder(network))
        _run(fitter, batches, validation, report)

    def rounds(self, run: Run) -> Sequence[TuneConfig]:
        """As the configuration says."""
        return Settings.of(run.training_config).tune

    def tuned(self, run: Run) -> int:
        """Counted by their checkpoints."""
        done = (
            is_fitted(run.network_folder(_tuned(i)), round_.fit)
            for i, round_ in enumerate(self.rounds(run), 1)
        )
        return sum(takewhile(bool, done))

    def tune(
        self,
        run: Run,
        train: WeightedRows,
        validation: WeightedRows,
        report: Callable[[Progress], None],
    ) -> None:
        """Fit what the last round gave to the density of its own events times their weights."""
        config, settings = run.training_config, Settings.of(run.training_config)
        done, coordinates = self.tuned(run), _coordinates(run)
        fit = settings.tune[done].fit
        rows, held_out = (
            np.column_stack([fit_rows(coordinates, *self.layout(config).split(one.rows)), one.weights])
            for one in (train, validation)
        )
        before = self._latest(run)
        batches = _batches(settings, rows, fit, config.seed)
        model = TunedDensities(settings, before.network, sizes=batches.sizes)
        fitter = Fitter(model, fit, seed=config.seed, folder=run.network_folder(_tuned(done + 1)))
        _run(fitter, batches, held_out, report)

    def _latest(self, run: Run) -> Densities:
        """The network that was fitted last."""
        model, done = Densities(Settings.of(run.training_config), seed=0), self.tuned(run)
        load_best(model, run.network_folder(_tuned(done) if done else _NETWORK))
        return model

    def finish(self, run: Run, tables: Tables) -> None:
        """Nothing is left to make."""

    def export(self, run: Run, folder: Path) -> Exported:
        """The mask generator, and the graph from uniform numbers to events."""
        settings = Settings.of(run.training_config)
        model = self._latest(run)
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
                *_tuned_notes(self.tuned(run)),
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


def _tuned(round_: int) -> str:
    """Name of the network of a round of tuning."""
    return f"tuned-{round_}"


def _tuned_notes(rounds: int) -> tuple[str, ...]:
    if not rounds:
        return ()
    text = (
        f"Tuned in {rounds} {'round' if rounds == 1 else 'rounds'}: fitted to events of its own, weighted by "
        "boosted trees that tell them from training events."
    )
    return (text,)


def _batches(settings: Settings, rows: Floats, fit: FitConfig, seed: int) -> StratifiedRows:
    stratum = settings.stratum((rows[:, : settings.slots] >= 0).sum(axis=1))
    return StratifiedRows(rows, stratum, batch_size=fit.batch_size, seed=seed)


def _run(
    fitter: Fitter, batches: StratifiedRows, validation: Floats, report: Callable[[Progress], None]
) -> None:
    """Fit, or go on where the fit was stopped."""
    fitter.resume()
    report(fitter.progress)
    batches.begin(fitter.progress.epoch)
    fitter.run(batches, validation, report)
