"""One request for events, resolved: which slice of which data set, in which format."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from events.encoders import Compression, Encoder
from events.formats import Format, FormatName, LayoutName, make_format
from events.units import EnergyUnit
from models.manifest import Manifest, Sha256
from service.addresses import INDEX_LIMIT, SEED_LIMIT
from service.collection import Collection
from service.errors import InvalidRequestError, LimitExceededError, ModelChangedError
from service.generator import Validity
from service.negotiation import accepted_format
from service.sampler import DatasetSlice

HEADERS: Final = {
    "X-Eventmill-Process": "Process ID of the events.",
    "X-Eventmill-Model": "Model that generates them.",
    "X-Eventmill-Model-Version": "Its version.",
    "X-Eventmill-Model-Digest": "SHA-256 of all of the model that determines events.",
    "X-Eventmill-Seed": "Seed of the data set.",
    "X-Eventmill-Offset": "Index of the first event.",
    "X-Eventmill-Events": "Number of events. A body with fewer was cut short.",
    "X-Eventmill-Validity": "Whether invalid events were drawn again.",
    "X-Eventmill-Units": "Unit of energies and momenta.",
    "Content-Location": "Address of exactly these bytes, the model's digest included.",
    "ETag": "Names exactly these bytes.",
}
"""Response headers that name the events exactly, and what they tell; the first nine are the provenance."""


class GenerateQuery(BaseModel):
    """Parameters of a request for events."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    process: str = Field(description="Process ID, such as ttbar.", examples=["ttbar"])
    n: int = Field(ge=1, description="Number of events.", examples=[1000])
    model: str | None = Field(None, description="Model; the process's default one if absent.")
    model_digest: Sha256 | None = Field(
        None,
        description="Digest that the model must have, as in X-Eventmill-Model-Digest: a model that has "
        "changed since is refused then, as its events are others.",
    )
    seed: int | None = Field(
        None,
        ge=0,
        lt=SEED_LIMIT,
        description="Seed of the data set. If absent, one is drawn and told in X-Eventmill-Seed.",
    )
    offset: int = Field(
        0, ge=0, lt=INDEX_LIMIT, description="Index of the first event in the endless data set of the seed."
    )
    format: FormatName | None = Field(
        None, description="Format; wins over the Accept header. CSV if there is neither."
    )
    validity: Validity = Field(
        "valid",
        description="valid: events that fail the selection criteria, or that a refined model refuses, are "
        "drawn again, so that exactly n good ones arrive. weighted, of refined models only: none is refused, "
        "and weights are the probabilities that they would be kept. all: the model's raw output.",
    )
    units: EnergyUnit | None = Field(
        None, description="Unit of energies and momenta. MeV if absent; the layout nanoaod is in GeV always."
    )
    layout: LayoutName = Field(
        "objects",
        description="Columns of Arrow and Parquet: one list of objects an event, or NanoAOD's names.",
    )
    compression: Compression | None = Field(
        None, description="Of Arrow, none if absent, and of Parquet, zstd if absent. CSV has none."
    )


@dataclass(frozen=True, slots=True)
class Generation:
    """A slice of a data set, in a format.

    Attributes:
        query: What was asked for.
        events: The slice.
        units: Unit of energies and momenta.
        format: How the events are written.
    """

    query: GenerateQuery
    events: DatasetSlice
    units: EnergyUnit
    format: Format

    @classmethod
    def resolve(
        cls, query: GenerateQuery, accept: str | None, collection: Collection, max_events: int
    ) -> "Generation":
        """What a query asks for.

        Args:
            query: The parameters.
            accept: The Accept header.
            collection: The models there are.
            max_events: The most events of one request.

        Raises:
            UnknownModelError: If there is no such process or model.
            ModelChangedError: If the model has another digest than is asked for.
            LimitExceededError: If too many events are asked for.
            InvalidRequestError: If parameters contradict each other.
            NotAcceptableError: If the client accepts no format there is.
        """
        sampler = collection.sampler(query.process, query.model)
        digest = sampler.manifest.digest
        if query.model_digest not in {None, digest}:
            raise ModelChangedError(f"{query.process}/{sampler.manifest.model}", digest)
        if query.n > max_events:
            raise LimitExceededError(query.n, max_events)
        seed = secrets.randbits(32) if query.seed is None else query.seed
        try:
            units = resolved_units(query.units, query.layout)
            events = sampler.slice(query.n, seed, query.offset, query.validity)
            name = query.format or accepted_format(accept)
            format_ = make_format(name, units, query.layout, query.compression)
        except ValueError as error:
            raise InvalidRequestError(str(error)) from error
        return cls(query, events, units, format_)

    @property
    def manifest(self) -> Manifest:
        """The model."""
        return self.events.generator.manifest

    @property
    def provenance(self) -> dict[str, str]:
        """What names the events exactly, as text."""
        return {**self.events.provenance, "units": self.units}

    @property
    def file_name(self) -> str:
        """A name for the events as a file."""
        events = self.events
        stem = f"{self.manifest.process}_{self.manifest.model}_seed{events.seed}"
        return f"{stem}_{events.offset}-{events.offset + events.n - 1}{self.format.suffix}"

    @property
    def location(self) -> str:
        """Where to have exactly these bytes again, whatever becomes the default."""
        told, given = self.provenance, self.query
        names = ("process", "model", "model_digest", "seed", "offset", "validity", "units")
        events = {"n": told["num_events"]} | {name: told[name] for name in names}
        written = {"format": self.format.name, "layout": given.layout, "compression": given.compression}
        query = {name: value for name, value in (events | written).items() if value is not None}
        return f"/generate?{urlencode(query)}"

    @property
    def etag(self) -> str:
        """A strong validator: the digest of all that determines the bytes."""
        determining = json.dumps([version("eventmill"), version("pyarrow"), self.location])
        return f'"{hashlib.sha256(determining.encode()).hexdigest()}"'

    @property
    def headers(self) -> dict[str, str]:
        """Response headers: what names the bytes, a file name, and what proxies must know."""
        return dict(zip(HEADERS, (*self.provenance.values(), self.location, self.etag), strict=True)) | {
            "Content-Disposition": f'attachment; filename="{self.file_name}"',
            "Vary": "Accept",
            # Kept by a cache, they are asked for again by their ETag: a model may change.
            "Cache-Control": "no-cache",
            # A buffering proxy would hide a slow reader from us, and the first events from the reader.
            "X-Accel-Buffering": "no",
        }

    def encoder(self) -> Encoder:
        """A new stream of bytes in the format."""
        return self.format.encoder(self.provenance, offset=self.events.offset, n_events=self.events.n)


def resolved_units(units: EnergyUnit | None, layout: LayoutName) -> EnergyUnit:
    """The unit of energies and momenta where it may be left out.

    Raises:
        ValueError: If the layout has no such unit.
    """
    if layout == "objects":
        return units or "MeV"
    if units == "MeV":
        raise ValueError("the layout nanoaod is in GeV; leave out units, or say units=GeV")
    return "GeV"
