"""Experiment II: alias-method masks, a beta-VAE for MET and one for each type (thesis, section 7.5)."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import tensorflow as tf
from pydantic.dataclasses import dataclass

from events.objects import SYMBOLS
from models.graphs import EVENT_OUTPUTS, OBJECT_OUTPUTS, Graph
from models.manifest import IndependentObjectsManifest
from training.architectures.base import Exported
from training.architectures.notes import SIDE_BY_SIDE
from training.architectures.per_type import features_of, learn_scales, network_seed, scales, tables_by_rows
from training.config import STRICT, FitConfig, TrainingConfig, checked
from training.data.cache import Tables
from training.data.tables import EVENT_FEATURES, EVENT_TABLE, OBJECT_FEATURES, PerTypeTables, read_masks
from training.decoding import physical_columns
from training.fit import load_best
from training.fitting import Rows, fit_network
from training.latents import normals
from training.masks import MaskGenerator, keep_masks, kept_mask_generator
from training.onnx_export import export_graph, export_masks
from training.progress import Progress
from training.run import Run
from training.transform import Standardisation
from training.vae import VAE, Head, NetworkConfig
from training.variator import BetaVariator

_FILE_NAMES: Final = {
    EVENT_TABLE: "met",
    **dict(zip(SYMBOLS, ("jet", "b_jet", "electron", "positron", "muon", "antimuon", "photon"), strict=True)),
}
_NOTES: Final = (
    (
        "Objects are drawn independently of each other and of MET: single spectra and object counts are "
        "modelled, correlations between objects, such as invariant masses or the balance of MET and "
        "jets, are not."
    ),
    SIDE_BY_SIDE,
)


@dataclass(frozen=True, slots=True, config=STRICT)
class Settings:
    """The tables of the configuration.

    Attributes:
        frequent_share: Share of the events that the first level of the mask generator may cover.
        max_objects: Objects of an event at most.
        event: The MET network.
        objects: The network of each object type.
        variator: Of all networks.
        fit: Of all networks.
    """

    frequent_share: float
    max_objects: int
    event: NetworkConfig
    objects: NetworkConfig
    variator: BetaVariator
    fit: FitConfig

    @classmethod
    def of(cls, config: TrainingConfig) -> "Settings":
        """Those of a configuration."""
        return checked(cls, config.settings)


class IndependentObjects:
    """See the module."""

    def layout(self, config: TrainingConfig) -> PerTypeTables:
        """A table of events and one of each type."""
        Settings.of(config)
        return PerTypeTables()

    def prepare(self, run: Run, tables: Tables) -> None:
        """Keep masks and scales."""
        keep_masks(run.folder, read_masks(tables))
        learn_scales(run, tables)

    def networks(self, run: Run, tables: Tables) -> list[str]:
        """One for each table with rows."""
        return tables_by_rows(run, tables)

    def fit(self, run: Run, tables: Tables, network: str, report: Callable[[Progress], None]) -> None:
        """Fit the network of a table."""
        scaling, seed = scales(run)[network], network_seed(run, network)
        fit_network(
            build_network(run, network, seed=seed),
            Settings.of(run.training_config).fit,
            Rows(network, scaling.features, scaling.forward),
            tables,
            seed=seed,
            folder=run.network_folder(network),
            report=report,
        )

    def finish(self, run: Run, tables: Tables) -> None:
        """Nothing is left to make."""

    def export(self, run: Run, folder: Path) -> Exported:
        """The mask generator and a decoder for each table."""
        graphs = {table: _export_decoder(run, table, folder) for table in scales(run)}
        fields = {
            "description": (
                "Experiment II: object counts from alias tables, MET and each object on its own from "
                "beta-VAEs"
            ),
            "reference": (
                "Experiment II of the source thesis (section 7.5): alias-method masks, per-type beta-VAEs"
            ),
            "notes": _NOTES,
            "max_objects": Settings.of(run.training_config).max_objects,
            "masks": export_masks(mask_generator(run), folder / "masks.onnx"),
            "event": graphs.pop(EVENT_TABLE),
            "objects": graphs,
        }
        return Exported(IndependentObjectsManifest, fields)


ARCHITECTURE: Final = IndependentObjects()


def mask_generator(run: Run) -> MaskGenerator:
    """The mask generator of the training events."""
    settings = Settings.of(run.training_config)
    return kept_mask_generator(
        run.folder, frequent_share=settings.frequent_share, max_objects=settings.max_objects
    )


def build_network(run: Run, table: str, *, seed: int) -> VAE:
    """The network of a table, not fitted."""
    settings = Settings.of(run.training_config)
    network = settings.event if table == EVENT_TABLE else settings.objects
    return VAE([Head(len(features_of(table)))], network, settings.variator, seed=seed)


def export_decoder(model: VAE, scaling: Standardisation, path: Path) -> Graph:
    """Export a decoder: normals float32[n, latent] -> one float32[n] a feature, in GeV and radians.

    Raises:
        ParityError: If the graph differs from the decoder.
    """
    noise = normals(model.noise_width).model_copy(update={"name": "latent"})
    outputs = {EVENT_FEATURES: EVENT_OUTPUTS, OBJECT_FEATURES: OBJECT_OUTPUTS}[scaling.features]

    def decode(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        (decoded,) = model.decode(inputs[noise.name])
        return physical_columns(scaling, decoded)

    return export_graph(decode, noise, outputs, path)


def _export_decoder(run: Run, table: str, folder: Path) -> Graph:
    model = build_network(run, table, seed=0)
    load_best(model, run.network_folder(table))
    return export_decoder(model, scales(run)[table], folder / f"{_FILE_NAMES[table]}.onnx")
