"""Experiment I: an alpha-VAE for MET and a binary mask, and one for each object type (thesis, section 7.4).

The models start from training events. For each generated event the graph picks one of these, perturbs the
encoding of its MET and mask, and decodes a new mask; for each object that this mask wants, it perturbs the
encoding of the picked event's object of that type and place, and decodes a new object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.batch import OBJECT_FLOATS, Floats
from events.objects import N_OBJECT_TYPES, SYMBOLS
from models.manifest import Latent, WholeEventsManifest
from training.architectures.base import Exported
from training.architectures.notes import SIDE_BY_SIDE, replays, shortened
from training.architectures.per_type import learn_scales, network_seed, scales, tables_by_rows
from training.config import STRICT, FitConfig, TrainingConfig, checked
from training.data.cache import Tables
from training.data.slots import ABSENT
from training.data.split import Split
from training.data.tables import (
    EVENT_COLUMN,
    EVENT_FEATURES,
    EVENT_TABLE,
    MASK_COLUMNS,
    OBJECT_FEATURES,
    RANK_COLUMN,
    PerTypeTables,
)
from training.decoding import physical_columns
from training.encodings import LATENT_FILE, chosen_rows, encode, principal_components, save_arrays
from training.fit import load_best
from training.fitting import Rows, fit_network, read_rows
from training.latents import NORMAL, UNIFORM, gathered, normals, pick, uniforms
from training.onnx_export import export_events, round_weights
from training.particle_buffer import ParticleBuffer
from training.progress import Progress
from training.run import Run
from training.transform import Standardisation
from training.vae import VAE, Head, NetworkConfig
from training.variator import AlphaVariator

_BUFFER_FILE: Final = "buffer.npz"


@dataclass(frozen=True, slots=True, config=STRICT)
class NetworkSettings:
    """A network.

    Attributes:
        head: Units of the own layers of each input.
        output: Units of the own layers of each output but MET.
        met_output: Units of the own layers of the MET output.
        network: The common layers.
    """

    head: tuple[int, ...]
    output: tuple[int, ...]
    met_output: tuple[int, ...]
    network: NetworkConfig


@dataclass(frozen=True, slots=True, config=STRICT)
class Settings:
    """The tables of the configuration.

    Attributes:
        places: Objects of each type that the mask has room for. Further ones are not generated.
        threshold: Above this, an entry of the decoded mask wants an object.
        event: The network of MET and mask.
        objects: The network of each object type.
        variator: Of all networks.
        encodings: Training events whose encodings are kept at most.
        fit: Of all networks.
        least_steps: Batches that each network is fitted to at least: rare types have few an epoch.
    """

    places: Annotated[int, Field(ge=1)]
    threshold: Annotated[float, Field(gt=0, lt=1)]
    event: NetworkSettings
    objects: NetworkSettings
    variator: AlphaVariator
    encodings: Annotated[int, Field(ge=1)]
    fit: FitConfig
    least_steps: Annotated[int, Field(ge=1)]

    def fit_to(self, rows: int) -> FitConfig:
        """How a network is fitted to so many rows."""
        epochs = max(self.fit.epochs, -(-self.least_steps * self.fit.batch_size // rows))
        return replace(self.fit, epochs=epochs, patience=self.fit.patience + epochs - self.fit.epochs)

    @classmethod
    def of(cls, config: TrainingConfig) -> "Settings":
        """Those of a configuration."""
        return checked(cls, config.settings)


class PerParticle:
    """See the module."""

    def layout(self, config: TrainingConfig) -> PerTypeTables:
        """A table of events and one of each type."""
        Settings.of(config)
        return PerTypeTables()

    def prepare(self, run: Run, tables: Tables) -> None:
        """Keep the scales."""
        learn_scales(run, tables)

    def networks(self, run: Run, tables: Tables) -> list[str]:
        """One for each table with rows."""
        return tables_by_rows(run, tables)

    def fit(self, run: Run, tables: Tables, network: str, report: Callable[[Progress], None]) -> None:
        """Fit the network of a table."""
        seed = network_seed(run, network)
        fit_network(
            build_network(run, network, seed=seed),
            Settings.of(run.training_config).fit_to(tables.rows[Split.TRAIN][network]),
            network_rows(run, network),
            tables,
            seed=seed,
            folder=run.network_folder(network),
            report=report,
        )

    def finish(self, run: Run, tables: Tables) -> None:
        """Encode training events, as many as are kept, once."""
        path = run.folder / _BUFFER_FILE
        if not path.exists():
            _encode_events(run, tables).save(path)

    def export(self, run: Run, folder: Path) -> Exported:
        """One graph from noise to events, and the principal components of the encodings of MET and mask."""
        settings, buffer = Settings.of(run.training_config), ParticleBuffer.load(run.folder / _BUFFER_FILE)
        generator = ReplayedParticles(settings, scales(run), buffer, _networks(run, buffer))
        noises = (uniforms(1), normals(generator.n_normals))
        graph = export_events(generator.generate, noises, generator.n_slots, folder / "events.onnx")
        save_arrays(folder / LATENT_FILE, **principal_components(buffer.event.astype(np.float32)))
        fields = {
            "description": (
                "Experiment I: a binary mask and single objects from alpha-VAEs that start from training "
                "events"
            ),
            "reference": (
                "Experiment I of the source thesis (section 7.4): binary mask, per-particle alpha-VAEs"
            ),
            "notes": _notes(settings, buffer),
            "max_objects": generator.n_slots,
            "events": graph,
            "latent": Latent(file=LATENT_FILE),
        }
        return Exported(WholeEventsManifest, fields)


ARCHITECTURE: Final = PerParticle()


@plain_dataclass(frozen=True, slots=True)
class ReplayedParticles:
    """What the graph computes.

    Attributes:
        settings: The configuration.
        scales: Of each table.
        buffer: Encodings to start from.
        networks: The fitted network of each table.
    """

    settings: Settings
    scales: Mapping[str, Standardisation]
    buffer: ParticleBuffer
    networks: Mapping[str, VAE]

    @property
    def n_slots(self) -> int:
        """So many for each type that occurs."""
        return self.settings.places * len(self.buffer.objects)

    @property
    def n_normals(self) -> int:
        """Noise for the encoding of the event, then for that of each slot."""
        return self.settings.event.network.latent + self.n_slots * self.settings.objects.network.latent

    def generate(self, inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Events from noise: `models.graphs.EVENTS_OUTPUTS`."""
        chosen = pick(inputs[UNIFORM][:, 0], len(self.buffer.event))
        latent, places = self.settings.event.network.latent, self.settings.places
        smeared = gathered(self.buffer.event, chosen) + self._noise(inputs[NORMAL][:, :latent])
        met, mask = self.networks[EVENT_TABLE].decode(smeared)
        per_slot = tf.reshape(
            inputs[NORMAL][:, latent:], (-1, self.n_slots, self.settings.objects.network.latent)
        )
        slots = [
            self._objects(symbol, chosen, mask, per_slot[:, i * places : (i + 1) * places])
            for i, symbol in enumerate(self.buffer.objects)
        ]
        joined = {name: tf.concat([part[name] for part in slots], axis=1) for name in slots[0]}
        return joined | physical_columns(self.scales[EVENT_TABLE], met, bounded=True)

    def _objects(
        self, symbol: str, chosen: tf.Tensor, mask: tf.Tensor, noise: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        """The slots of one type, [n, places] each."""
        places, stored = self.settings.places, self.buffer.objects[symbol]
        first = tf.cast(tf.gather(tf.constant(self.buffer.first[symbol]), chosen), tf.int64)
        # A mask may want more objects than the event had: the next event's stand in.
        rows = tf.minimum(first[:, None] + tf.range(places, dtype=tf.int64), len(stored) - 1)
        latent = tf.reshape(gathered(stored, rows) + self._noise(noise), (-1, stored.shape[1]))
        kinematics = self.networks[symbol].decode(latent)[-1]
        type_ = SYMBOLS.index(symbol)
        wanted = tf.sigmoid(mask[:, type_ * places : (type_ + 1) * places]) > self.settings.threshold
        types = tf.where(wanted, tf.constant(type_, tf.int64), tf.constant(ABSENT, tf.int64))
        columns = physical_columns(
            self.scales[symbol], tf.reshape(kinematics, (-1, places, len(OBJECT_FLOATS))), bounded=True
        )
        return {"type": types} | columns

    def _noise(self, normal: tf.Tensor) -> tf.Tensor:
        return self.settings.variator.alpha * normal


def build_network(run: Run, table: str, *, seed: int) -> VAE:
    """The network of a table, not fitted."""
    settings = Settings.of(run.training_config)
    own = settings.event if table == EVENT_TABLE else settings.objects
    met = Head(len(EVENT_FEATURES), encoder=own.head, decoder=own.met_output)
    if table == EVENT_TABLE:
        heads = [met, Head(settings.places * N_OBJECT_TYPES, "binary", own.head, own.output)]
    else:
        place = Head(settings.places, "binary", own.head, own.output)
        heads = [met, place, Head(len(OBJECT_FEATURES), "mse", own.head, own.output)]
    return VAE(heads, own.network, settings.variator, seed=seed)


def network_rows(run: Run, table: str) -> Rows:
    """What the network of a table reads: scaled MET and its azimuth, then masks, then the object."""
    scale, places = scales(run), Settings.of(run.training_config).places
    met = scale[EVENT_TABLE].forward

    def event(values: Floats) -> Floats:
        wanted = values[:, 2:, None] > np.arange(places)
        return np.concatenate([met(values[:, :2]), wanted.reshape(len(values), -1)], axis=1, dtype=np.float32)

    def single(values: Floats) -> Floats:
        place = values[:, 2:3] == np.arange(places)
        return np.concatenate(
            [met(values[:, :2]), place, scale[table].forward(values[:, 3:])], axis=1, dtype=np.float32
        )

    if table == EVENT_TABLE:
        return Rows(table, (*EVENT_FEATURES, *MASK_COLUMNS), event)
    return Rows(table, (*EVENT_FEATURES, RANK_COLUMN, *OBJECT_FEATURES), single)


def _networks(run: Run, buffer: ParticleBuffer) -> dict[str, VAE]:
    """The fitted networks, their weights rounded for the export."""
    networks = {table: _fitted(run, table) for table in (EVENT_TABLE, *buffer.objects)}
    for network in networks.values():
        round_weights(network)
    return networks


def _fitted(run: Run, table: str) -> VAE:
    model = build_network(run, table, seed=0)
    load_best(model, run.network_folder(table))
    return model


def _encode_events(run: Run, tables: Tables) -> ParticleBuffer:
    settings = Settings.of(run.training_config)
    rows = network_rows(run, EVENT_TABLE).read(tables, Split.TRAIN)
    chosen = chosen_rows(len(rows), settings.encodings, run.training_config.seed)
    event = encode(_fitted(run, EVENT_TABLE), rows[chosen]).mean.astype(np.float16)
    objects: dict[str, npt.NDArray[np.float16]] = {}
    first: dict[str, npt.NDArray[np.int32]] = {}
    for symbol in (table for table in scales(run) if table != EVENT_TABLE):
        place = read_rows(tables.path(Split.TRAIN, symbol), (EVENT_COLUMN, RANK_COLUMN)).astype(np.int64)
        kept = np.isin(place[:, 0], chosen) & (place[:, 1] < settings.places)
        if kept.any():
            values = network_rows(run, symbol).read(tables, Split.TRAIN)[kept]
            objects[symbol] = encode(_fitted(run, symbol), values).mean.astype(np.float16)
            first[symbol] = np.searchsorted(place[kept, 0], chosen).astype(np.int32)
    return ParticleBuffer(event, objects, first)


def _notes(settings: Settings, buffer: ParticleBuffer) -> tuple[str, ...]:
    return (
        replays(len(buffer.event), f"alpha {settings.variator.alpha:g}"),
        shortened(settings.fit, 50),
        f"The networks of rare object types were fitted for longer, to {settings.least_steps:,} batches.",
        (
            f"Its latent spaces have {settings.event.network.latent} (MET and mask) and "
            f"{settings.objects.network.latent} dimensions (objects) and its layers at most "
            f"{max(settings.event.head)} units, where the thesis has 160 and 512: the encodings of so many "
            "events would not fit into its file otherwise."
        ),
        (
            f"It makes at most {settings.places} objects of each type, as many as the thesis' mask has room "
            "for; training events with more lose the softest."
        ),
        (
            "An object is encoded with the MET of its own event; the thesis encodes it anew with the "
            "generated MET, which needs the encoder and the training events at generation."
        ),
        SIDE_BY_SIDE,
    )
