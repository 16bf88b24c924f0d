"""What the ONNX graphs of an artefact take and give."""

from collections.abc import Iterable
from typing import Annotated, Final, Literal, Protocol, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

FileName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,95}\.onnx$")]
Text: TypeAlias = Annotated[str, StringConstraints(min_length=1)]


class Frozen(BaseModel):
    """Data from outside that never changes once it is checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Noise(Frozen):
    """Random numbers that a graph takes, float32[n, width].

    Attributes:
        name: Name of the graph's input.
        distribution: Uniform in [0, 1), or standard normal.
        width: Random numbers a row.
    """

    name: Text
    distribution: Literal["uniform", "normal"]
    width: Annotated[int, Field(ge=1, le=65536)]

    @property
    def input(self) -> "Input":
        """The input of a graph that takes them."""
        return Input(name=self.name, dtype="float32", width=self.width)


class Input(Frozen):
    """One input of a graph, dtype[n, width]."""

    name: Text
    dtype: Literal["float32", "int64"]
    width: Annotated[int, Field(ge=1, le=65536)]


class Output(Frozen):
    """One output of a graph, with its unit and dtype as written in the file."""

    name: Text
    unit: Literal["GeV", "rad", "1"]
    dtype: Literal["float32", "int64"]


class Graph(Frozen):
    """An ONNX graph that turns noise into physical quantities, any number of rows at a time."""

    file: FileName
    noise: Noise
    outputs: tuple[Output, ...]

    @property
    def noises(self) -> tuple[Noise, ...]:
        """Its random inputs: one."""
        return (self.noise,)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All that the graph takes: its noise."""
        return (self.noise.input,)


class EventsGraph(Frozen):
    """An ONNX graph that makes complete events, any number at a time.

    Attributes:
        file: The ONNX file.
        noises: Its random inputs.
        takes_mask: Whether it also takes the numbers of objects that each event shall have.
        slots: Objects that an event may have: columns of the object outputs.
        outputs: See `EVENTS_OUTPUTS`.
    """

    file: FileName
    noises: Annotated[tuple[Noise, ...], Field(min_length=1)]
    takes_mask: bool
    slots: Annotated[int, Field(ge=1, le=64)]
    outputs: tuple[Output, ...]

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All that the graph takes: its noises, and the mask if it takes one."""
        return (*(noise.input for noise in self.noises), *((MASK_INPUT,) if self.takes_mask else ()))


class AcceptanceGraph(Frozen):
    """An ONNX graph that gives the share of such events that is to be kept, any number of events at a time.

    It takes what an events graph gives, under the same names.

    Attributes:
        file: The ONNX file.
        slots: Objects that an event may have, as in the events graph.
        outputs: See `ACCEPTANCE_OUTPUTS`.
    """

    file: FileName
    slots: Annotated[int, Field(ge=1, le=64)]
    outputs: tuple[Output, ...]

    @property
    def noises(self) -> tuple[Noise, ...]:
        """No random inputs."""
        return ()

    @property
    def inputs(self) -> tuple[Input, ...]:
        """All that the graph takes: [n, slots] of objects, [n, 1] of MET."""
        return tuple(
            Input(name=out.name, dtype=out.dtype, width=1 if out in EVENT_OUTPUTS else self.slots)
            for out in EVENTS_OUTPUTS
        )


class AnyGraph(Protocol):
    """What every graph tells."""

    @property
    def file(self) -> str:
        """The ONNX file."""

    @property
    def noises(self) -> tuple[Noise, ...]:
        """Its random inputs."""

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What the graph takes."""

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What it gives."""


MASK_INPUT: Final = Input(name="mask", dtype="int64", width=7)
"""The numbers of objects of each type that an events graph may be asked for, int64[n, 7]."""


MASK_OUTPUTS: Final = (Output(name="mask", unit="1", dtype="int64"),)
"""What a mask graph gives: numbers of objects of each type, int64[n, 7]."""

EVENT_OUTPUTS: Final = (
    Output(name="met", unit="GeV", dtype="float32"),
    Output(name="met_phi", unit="rad", dtype="float32"),
)
"""What an event graph gives, float32[n] each."""

OBJECT_OUTPUTS: Final = (
    Output(name="E", unit="GeV", dtype="float32"),
    Output(name="pt", unit="GeV", dtype="float32"),
    Output(name="eta", unit="1", dtype="float32"),
    Output(name="phi", unit="rad", dtype="float32"),
)
"""What an object graph gives, float32[m] each."""

EVENTS_OUTPUTS: Final = (Output(name="type", unit="1", dtype="int64"), *OBJECT_OUTPUTS, *EVENT_OUTPUTS)
"""What an events graph gives: MET and its azimuth [n]; type, E, pt, eta and phi of each slot [n, slots].

The type is an `events.objects.ObjectType`, or -1 where a slot holds no object; slots come in any order.
"""


ACCEPTANCE_OUTPUTS: Final = (Output(name="acceptance", unit="1", dtype="float32"),)
"""What an acceptance graph gives: the probability that an event is kept, float32[n]."""


def check_outputs(role: str, graph: AnyGraph, outputs: tuple[Output, ...]) -> None:
    """Make sure that a graph gives what its role needs.

    Raises:
        ValueError: If it does not.
    """
    if set(graph.outputs) != set(outputs) or len(graph.outputs) != len(outputs):
        raise ValueError(
            f"graph {role} must give {_spelt(outputs)}; the manifest says {_spelt(graph.outputs)}"
        )


def _spelt(outputs: Iterable[Output]) -> str:
    return ", ".join(f"{out.name} [{out.unit}, {out.dtype}]" for out in outputs)
