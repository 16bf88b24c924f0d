"""What the architectures share that learn whole events with a single variational autoencoder.

They differ in their slots and layers, which the configuration tells, and in where latent points come from.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Generic, TypeVar

import tensorflow as tf
from pydantic import Field
from pydantic.dataclasses import dataclass

from events.objects import SYMBOLS
from models.graphs import Noise
from models.manifest import Latent, WholeEventsManifest
from training.architectures.base import Exported
from training.config import STRICT, FitConfig, TrainingConfig, checked
from training.data.cache import Tables
from training.data.slots import SLOT_TABLE, SlotLayout
from training.data.split import Split
from training.encodings import (
    LATENT_FILE,
    Encodings,
    chosen_rows,
    encode,
    principal_components,
    save_arrays,
)
from training.event_rows import N_CLASSES, EventRows, likeliest_types
from training.fit import load_best
from training.fitting import Rows, fit_network
from training.latents import UNIFORM, LatentSource, uniforms
from training.onnx_export import export_events, round_weights
from training.progress import Progress
from training.run import Run
from training.vae import VAE, Head, NetworkConfig
from training.variator import Variator

NETWORK: Final = "event"
"""The name of the only network."""

_ROWS_FILE: Final = "event_rows.json"
_ENCODINGS_FILE: Final = "encodings.npz"


@dataclass(frozen=True, slots=True, config=STRICT)
class HeadConfig:
    """Units of the layers that belong to one input and output alone."""

    encoder: tuple[int, ...]
    decoder: tuple[int, ...]


@dataclass(frozen=True, slots=True, config=STRICT)
class Settings:
    """The tables of the configuration.

    Attributes:
        slots: Slots for any type in the order of real files, or slots for each of some types, by symbol.
            Events that do not fit are left out.
        met: Own layers of MET and its azimuth.
        objects: Own layers of the kinematics: of all slots together, or of each slot that is for one type.
        types: Own layers of what the slots hold.
        network: The common layers.
        variator: What happens in the latent space.
        encodings: Training events whose encodings are kept at most.
        fit: How the network is fitted.
    """

    slots: Annotated[int, Field(ge=1)] | dict[str, Annotated[int, Field(ge=1)]]
    met: HeadConfig
    objects: HeadConfig
    types: HeadConfig
    network: NetworkConfig
    variator: Variator
    encodings: Annotated[int, Field(ge=1)]
    fit: FitConfig

    @property
    def layout(self) -> SlotLayout:
        """The slots.

        Raises:
            ValueError: If an object type does not exist.
        """
        if isinstance(self.slots, int):
            return SlotLayout.any_type(self.slots)
        if unknown := set(self.slots) - set(SYMBOLS):
            raise ValueError(f"slots: unknown object types {sorted(unknown)}; known: {', '.join(SYMBOLS)}")
        return SlotLayout.by_type([self.slots.get(symbol, 0) for symbol in SYMBOLS])


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class WholeEventVAE(Generic[S]):
    """An `Architecture`.

    Attributes:
        description: One sentence for people.
        reference: Where the architecture comes from.
        settings: What its configuration holds.
        latents: Where latent points come from, once the run is finished.
        notes: What to know before using the model.
        prepare_latents: Makes what `latents` needs besides encodings, from these.
    """

    description: str
    reference: str
    settings: type[S]
    latents: Callable[[Run, S], LatentSource]
    notes: Callable[[Run, S], Sequence[str]]
    prepare_latents: Callable[[Run, S], None] = lambda _run, _settings: None

    def settings_of(self, config: TrainingConfig) -> S:
        """The settings of a configuration."""
        return checked(self.settings, config.settings)

    def layout(self, config: TrainingConfig) -> SlotLayout:
        """A table of slots."""
        return self.settings_of(config).layout

    def prepare(self, run: Run, tables: Tables) -> None:
        """Keep the scales."""
        rows = EventRows.fit(self.layout(run.training_config), tables)
        (run.folder / _ROWS_FILE).write_text(json.dumps(rows.to_json(), indent=2))

    def networks(self, run: Run, tables: Tables) -> list[str]:  # noqa: ARG002
        """The only one."""
        return [NETWORK]

    def fit(self, run: Run, tables: Tables, network: str, report: Callable[[Progress], None]) -> None:
        """Fit the network."""
        settings, seed = self.settings_of(run.training_config), run.training_config.seed
        rows = event_rows(run)
        fit_network(
            build_network(settings, rows, seed=seed),
            settings.fit,
            _network_rows(rows),
            tables,
            seed=seed,
            folder=run.network_folder(network),
            report=report,
        )

    def finish(self, run: Run, tables: Tables) -> None:
        """Encode training events, as many as are kept, once."""
        settings, path = self.settings_of(run.training_config), run.folder / _ENCODINGS_FILE
        if not path.exists():
            rows = _network_rows(event_rows(run)).read(tables, Split.TRAIN)
            chosen = chosen_rows(len(rows), settings.encodings, run.training_config.seed)
            encode(self.network(run), rows[chosen]).save(path)
        self.prepare_latents(run, settings)

    def network(self, run: Run) -> VAE:
        """The fitted network.

        Raises:
            FileNotFoundError: If it has not been fitted.
        """
        model = build_network(self.settings_of(run.training_config), event_rows(run), seed=0)
        load_best(model, run.network_folder(NETWORK))
        return model

    def export(self, run: Run, folder: Path) -> Exported:
        """One graph from noise to events, and the principal components of the latent space."""
        settings, rows, model = self.settings_of(run.training_config), event_rows(run), self.network(run)
        round_weights(model)
        source = self.latents(run, settings)

        def generate(inputs: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
            return decode_events(rows, model.decode(source.draw(inputs)), inputs)

        noises = with_presence(source.noises, rows)
        graph = export_events(generate, noises, rows.n_slots, folder / "events.onnx")
        save_arrays(folder / LATENT_FILE, **principal_components(encodings(run).mean))
        covers = settings.slots if isinstance(settings.slots, dict) else None
        fields = {
            "description": self.description,
            "reference": self.reference,
            "notes": tuple(self.notes(run, settings)),
            "max_objects": rows.n_slots,
            "events": graph,
            "latent": Latent(file=LATENT_FILE),
            "covers": covers,
        }
        return Exported(WholeEventsManifest, fields)


def event_rows(run: Run) -> EventRows:
    """The rows that the network of a run reads."""
    return EventRows.from_json(json.loads((run.folder / _ROWS_FILE).read_text()))


def encodings(run: Run) -> Encodings:
    """The encodings of training events that a finished run keeps.

    Raises:
        FileNotFoundError: If the run is not finished.
    """
    return Encodings.load(run.folder / _ENCODINGS_FILE)


def build_network(settings: Settings, rows: EventRows, *, seed: int) -> VAE:
    """The network, not fitted."""
    return VAE(_heads(settings, rows), settings.network, settings.variator, seed=seed)


def decode_events(
    rows: EventRows, outputs: Sequence[tf.Tensor], inputs: Mapping[str, tf.Tensor]
) -> dict[str, tf.Tensor]:
    """Physical events from what the decoder gives for each head.

    A slot for one type holds an object with the probability that the decoder gives, which the last uniform
    numbers decide; a slot for any type holds what is likeliest.
    """
    met, *objects, held = outputs
    if rows.layout.typed:
        types = rows.typed(inputs[UNIFORM][:, -rows.n_slots :] < tf.sigmoid(held))
    else:
        types = likeliest_types(held)
    return rows.physical(met, tf.concat(objects, axis=1), types)


def with_presence(noises: Sequence[Noise], rows: EventRows) -> tuple[Noise, ...]:
    """The noise of a source of latents, and a uniform number for each slot that is for one type."""
    if not rows.layout.typed:
        return tuple(noises)
    others = tuple(noise for noise in noises if noise.name != UNIFORM)
    return uniforms(sum(noise.width for noise in noises if noise.name == UNIFORM) + rows.n_slots), *others


def _heads(settings: Settings, rows: EventRows) -> list[Head]:
    """MET, kinematics and what the slots hold; only slots with an object teach kinematics."""
    met, objects, held = rows.widths

    def present(slots: slice, columns: int) -> Callable[[tf.Tensor], tf.Tensor]:
        return lambda row: tf.repeat(rows.present(row)[:, slots], columns, axis=1)

    size = objects // rows.n_slots
    groups = [slice(i, i + 1) for i in range(rows.n_slots)] if rows.layout.typed else [slice(0, rows.n_slots)]
    kinematics = [
        Head(size * (group.stop - group.start), weights=present(group, size), **_units(settings.objects))
        for group in groups
    ]
    loss: dict[str, Any] = (
        {"loss": "binary"} if rows.layout.typed else {"loss": "categorical", "classes": N_CLASSES}
    )
    return [Head(met, **_units(settings.met)), *kinematics, Head(held, **loss, **_units(settings.types))]


def _units(config: HeadConfig) -> dict[str, Any]:
    return {"encoder": config.encoder, "decoder": config.decoder}


def _network_rows(rows: EventRows) -> Rows:
    return Rows(SLOT_TABLE, rows.layout.columns, rows.forward)
