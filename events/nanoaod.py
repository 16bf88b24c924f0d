"""Event batches under the names of CMS NanoAOD, for tools that expect them.

Source: the NanoAOD documentation of CMS, https://cms-nanoaod-integration.web.cern.ch/autoDoc/. Energies and
momenta are in GeV, as everywhere in NanoAOD. Jets and b-jets are one collection, by descending pT.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from events.arrow import dictionary_type, field, process_array
from events.batch import Bools, EventBatch, Floats
from events.kinematics import mass
from events.objects import ObjectType

_COLLECTIONS: Final = {
    "Jet": (ObjectType.JET, ObjectType.B_JET),
    "Electron": (ObjectType.ELECTRON, ObjectType.POSITRON),
    "Muon": (ObjectType.MUON, ObjectType.ANTIMUON),
    "Photon": (ObjectType.PHOTON,),
}

_CHARGES: Final = (0, 0, -1, 1, -1, 1, 0)
"""Charge in units of e, in the order of `ObjectType`."""


@dataclass(frozen=True, slots=True)
class NanoAodLayout:
    """One list column a collection and quantity, such as ``Jet_pt``, and its length, such as ``nJet``.

    ``Jet_btag`` tells b-jets, ``Electron_charge`` and ``Muon_charge`` are -1 or 1, and masses are 0 where
    rounding left E < p. ``run`` and ``luminosityBlock`` are 1, and ``process`` is Eventmill's own.
    """

    def schema(self, provenance: Mapping[str, str]) -> pa.Schema:
        """The schema of all record batches, with the provenance as its metadata."""
        columns = [
            field("run", pa.uint32(), "1"),
            field("luminosityBlock", pa.uint32(), "1"),
            field("event", pa.uint64(), "1"),
            field("process", dictionary_type(pa.int32()), "1"),
            field("genWeight", pa.float32(), "1"),
            field("MET_pt", pa.float32(), "GeV"),
            field("MET_phi", pa.float32(), "rad"),
            *(column for name in _COLLECTIONS for column in _fields(name)),
        ]
        return pa.schema(columns, metadata=dict(provenance))

    def record_batch(self, batch: EventBatch, schema: pa.Schema) -> pa.RecordBatch:
        """The events as rows.

        Args:
            batch: The events.
            schema: What `schema` returned.

        Raises:
            ValueError: If an event ID is negative.
        """
        if np.any(batch.event_id < 0):
            raise ValueError("NanoAOD has no negative event IDs")
        ordered = batch.sort_objects()
        ones = np.ones(len(batch), np.uint32)
        columns = [
            ones,
            ones,
            batch.event_id.astype(np.uint64),
            process_array(batch),
            batch.weight,
            batch.met,
            batch.met_phi,
            *(column for name in _COLLECTIONS for column in _arrays(ordered, name, schema)),
        ]
        return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=schema)


def _fields(name: str) -> Iterator[pa.Field]:
    """The fields of a collection, in the order of `_arrays`."""
    yield field(f"n{name}", pa.int32(), "1")
    for quantity, type_, unit in _quantities(name):
        item = pa.field("element", type_, nullable=False)
        yield field(f"{name}_{quantity}", pa.list_(item), unit)


def _quantities(name: str) -> list[tuple[str, pa.DataType, str]]:
    """Name, type and unit of what is told of each object of a collection."""
    momentum = [("pt", "GeV"), ("eta", "1"), ("phi", "rad"), ("mass", "GeV")]
    kinematic = [(quantity, pa.float32(), unit) for quantity, unit in momentum]
    match name:
        case "Jet":
            return [*kinematic, ("btag", pa.bool_(), "1")]
        case "Electron" | "Muon":
            return [*kinematic, ("charge", pa.int32(), "1")]
        case _:
            return kinematic


def _arrays(batch: EventBatch, name: str, schema: pa.Schema) -> Iterator[pa.Array]:
    """The columns of a collection."""
    collection = batch.keep_objects(np.isin(batch.type, _COLLECTIONS[name]))
    offsets = pa.array(collection.offsets)
    yield pa.array(np.diff(collection.offsets))
    for quantity, _, _ in _quantities(name):
        values = pa.array(_values(collection, quantity))
        yield pa.ListArray.from_arrays(offsets, values, type=schema.field(f"{name}_{quantity}").type)


def _values(batch: EventBatch, quantity: str) -> npt.NDArray[np.generic]:
    """A quantity of all objects."""
    match quantity:
        case "mass":
            return mass(batch.E, batch.pt, batch.eta).astype(np.float32)
        case "btag":
            tagged: Bools = batch.type == ObjectType.B_JET
            return tagged
        case "charge":
            return np.array(_CHARGES, np.int32)[batch.type]
        case _:
            momentum: Floats = getattr(batch, quantity)
            return momentum
