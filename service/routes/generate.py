"""The route that generates events."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from events.formats import FORMAT_NAMES, make_format
from service.dependencies import EngineDependency, StateDependency
from service.errors import problem_responses
from service.generation import HEADERS, GenerateQuery, Generation
from service.stream import EventResponse, event_chunks

router = APIRouter(tags=["events"])

_BINARY: Final = {"schema": {"type": "string", "format": "binary"}}

_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK.value: {
        "description": "The events. Their number is in X-Eventmill-Events: a body with fewer was cut short.",
        "content": {make_format(name).media_type: _BINARY for name in FORMAT_NAMES},
        "headers": {
            name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()
        },
    },
    **problem_responses(
        HTTPStatus.NOT_FOUND,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
}


@router.post("/generate", summary="Generate events", response_class=Response, responses=_RESPONSES)
async def generate(
    query: Annotated[GenerateQuery, Query()],
    request: Request,
    engine: EngineDependency,
    state: StateDependency,
) -> EventResponse:
    """Stream n events of a process.

    The events of a process, model and seed are one endless data set, out of which `offset` and `n` cut a
    slice. An event is the same, bit for bit, in whichever slice it is asked for.
    """
    accept = request.headers.get("Accept")
    generation = Generation.resolve(query, accept, engine, state.settings.max_events)
    chunks = event_chunks(generation, engine, state.metrics, request.state.request_id)
    return EventResponse(await anext(chunks), chunks, generation.headers, generation.format.media_type)
