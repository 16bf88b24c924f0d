"""Event batches as Arrow record batches, one row an event, and back.

Columns: ``event_id``, ``process``, ``weight``, ``met``, ``met_phi`` and ``objects``, a list of structs of
``type`` (the symbol in Dark Machines files), ``E``, ``pt``, ``eta`` and ``phi``. Every field has its unit
in its metadata, under ``unit``; the schema's metadata is the caller's provenance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from events.batch import EVENT_FLOATS, OBJECT_FLOATS, EventBatch, Floats
from events.errors import EventFileError
from events.objects import SYMBOL_ALIASES, SYMBOLS
from events.units import ENERGIES, ENERGY_UNITS, EnergyUnit, from_gev, to_gev

_ANGLES: Final = ("met_phi", "phi")


@dataclass(frozen=True, slots=True)
class ObjectsLayout:
    """Eventmill's own layout, with all objects of an event in one list.

    Attributes:
        unit: Unit of energies and momenta. In GeV the record batches share the event batches' arrays.
    """

    unit: EnergyUnit = "MeV"

    def schema(self, provenance: Mapping[str, str]) -> pa.Schema:
        """The schema of all record batches, with the provenance as its metadata."""
        # One byte would do, but awkward arrays take dictionaries of four or eight only.
        symbol = field("type", dictionary_type(pa.int32()), "1")
        momenta = [self._float_field(name) for name in OBJECT_FLOATS]
        an_object = pa.field("element", pa.struct([symbol, *momenta]), nullable=False)
        columns = [
            field("event_id", pa.int64(), "1"),
            field("process", dictionary_type(pa.int32()), "1"),
            *(self._float_field(name) for name in EVENT_FLOATS),
            field("objects", pa.list_(an_object), "1"),
        ]
        return pa.schema(columns, metadata=dict(provenance))

    def record_batch(self, batch: EventBatch, schema: pa.Schema) -> pa.RecordBatch:
        """The events as rows.

        Args:
            batch: The events.
            schema: What `schema` returned.

        Raises:
            FloatingPointError: If a value in MeV is beyond single precision.
        """
        list_type = schema.field("objects").type
        types = pa.array(batch.type.astype(np.int32))
        symbols = pa.DictionaryArray.from_arrays(types, pa.array(SYMBOLS, pa.string()))
        momenta = [self._float_array(batch, name) for name in OBJECT_FLOATS]
        objects = pa.StructArray.from_arrays([symbols, *momenta], fields=list(list_type.value_type))
        columns = [
            pa.array(batch.event_id),
            process_array(batch),
            *(self._float_array(batch, name) for name in EVENT_FLOATS),
            pa.ListArray.from_arrays(pa.array(batch.offsets), objects, type=list_type),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=schema)

    def _float_field(self, name: str) -> pa.Field:
        return field(name, pa.float32(), self.unit if name in ENERGIES else _other_unit(name))

    def _float_array(self, batch: EventBatch, name: str) -> pa.Array:
        values = getattr(batch, name)
        return pa.array(from_gev(values, self.unit) if name in ENERGIES else values)


def field(name: str, type_: pa.DataType, unit: str) -> pa.Field:
    """A field without nulls that tells its unit."""
    return pa.field(name, type_, nullable=False, metadata={"unit": unit})


def dictionary_type(index: pa.DataType) -> pa.DataType:
    """Strings told by their index."""
    return pa.dictionary(index, pa.string())


def process_array(batch: EventBatch) -> pa.Array:
    """The process ID of each event, dictionary-encoded."""
    return pa.DictionaryArray.from_arrays(
        pa.array(batch.process_index), pa.array(batch.processes, pa.string())
    )


def from_record_batch(rows: pa.RecordBatch) -> EventBatch:
    """The events in rows of `ObjectsLayout`, whatever the width of their numbers.

    Arrays that are in GeV and in single precision are shared. Further columns are ignored.

    Raises:
        EventFileError: If a column, a unit or a value is missing, or an object type is unknown.
        FloatingPointError: If a value is beyond single precision.
    """
    objects = _column(rows, rows.schema, "objects")
    is_list = pa.types.is_list(objects.type) or pa.types.is_large_list(objects.type)
    if not (is_list and pa.types.is_struct(objects.type.value_type)):
        raise EventFileError(f"column objects must be a list of structs, not {objects.type}")
    structs, struct_type = objects.flatten(), objects.type.value_type
    offsets = objects.offsets.to_numpy()
    processes, process_index = _dictionary(_column(rows, rows.schema, "process"))
    symbols, symbol_index = _dictionary(_column(structs, struct_type, "type"))
    return EventBatch(
        processes=processes,
        process_index=process_index.astype(np.int32, copy=False),
        event_id=_column(rows, rows.schema, "event_id").cast(pa.int64()).to_numpy(),
        offsets=(offsets - offsets[0]).astype(np.int32, copy=False),
        type=_types(symbols)[symbol_index],
        **{name: _floats(rows, rows.schema, name) for name in EVENT_FLOATS},
        **{name: _floats(structs, struct_type, name) for name in OBJECT_FLOATS},
    )


def _column(
    parent: pa.RecordBatch | pa.StructArray, fields: pa.Schema | pa.StructType, name: str
) -> pa.Array:
    """A column that has to be there, without nulls."""
    index = fields.get_field_index(name)
    if index < 0:
        known = ", ".join(field.name for field in fields)
        raise EventFileError(f"there is no column {name}, only {known}; write the file in the layout objects")
    column = parent.column(index) if isinstance(parent, pa.RecordBatch) else parent.field(index)
    if column.null_count:
        raise EventFileError(f"column {name} lacks {column.null_count} values")
    return column


def _floats(parent: pa.RecordBatch | pa.StructArray, fields: pa.Schema | pa.StructType, name: str) -> Floats:
    values = _column(parent, fields, name).to_numpy()
    unit = _unit(fields.field(name))
    return to_gev(values, unit)


def _unit(column: pa.Field) -> EnergyUnit:
    """The unit that the numbers of a field are in; GeV where nothing has to be converted."""
    unit = (column.metadata or {}).get(b"unit", b"").decode()
    expected = ENERGY_UNITS if column.name in ENERGIES else (_other_unit(column.name),)
    if unit not in expected:
        stated = f"has the unit {unit}" if unit else "tells no unit"
        raise EventFileError(
            f"column {column.name} {stated}: set unit in its field's metadata to {' or '.join(expected)}"
        )
    return cast(EnergyUnit, unit) if column.name in ENERGIES else "GeV"


def _other_unit(name: str) -> str:
    return "rad" if name in _ANGLES else "1"


def _dictionary(column: pa.Array) -> tuple[tuple[str, ...], npt.NDArray[np.integer]]:
    """The strings that occur in a column, and which one each row has."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return tuple(encoded.dictionary.to_pylist()), encoded.indices.to_numpy()


def _types(symbols: tuple[str, ...]) -> npt.NDArray[np.int8]:
    """The `ObjectType` of each symbol."""
    known = [SYMBOL_ALIASES.get(symbol, symbol) for symbol in symbols]
    for symbol in known:
        if symbol not in SYMBOLS:
            raise EventFileError(f"object type {symbol!r} is none of {' '.join(SYMBOLS)}")
    return np.array([SYMBOLS.index(symbol) for symbol in known], np.int8)
