"""The routes that generate events, and tell what was sent."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from events.formats import FORMAT_NAMES, make_format
from service.dependencies import CollectionDependency, StateDependency
from service.generation import HEADERS, GenerateQuery, Generation
from service.problems import problem_responses
from service.receipts import Receipt
from service.stream import Call, EventResponse, event_chunks

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
    HTTPStatus.NOT_MODIFIED.value: {"description": "GET only: the client has these bytes, by their ETag."},
    **problem_responses(
        HTTPStatus.NOT_FOUND,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
}


@router.get("/generate", summary="Generate events", response_class=Response, responses=_RESPONSES)
@router.post("/generate", summary="Generate events", response_class=Response, responses=_RESPONSES)
async def generate(
    query: Annotated[GenerateQuery, Query()],
    request: Request,
    collection: CollectionDependency,
    state: StateDependency,
) -> Response:
    """Stream n events of a process.

    The events of a process, model and seed are one endless data set, out of which `offset` and `n` cut a
    slice. An event is the same, bit for bit, in whichever slice it is asked for.
    """
    accept, settings = request.headers.get("Accept"), state.settings
    generation = Generation.resolve(query, accept, collection, settings.max_events)
    held = request.headers.get("If-None-Match", "")
    if request.method == "GET" and generation.etag in held:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=generation.headers)
    call = Call.of(request, settings.request_seconds)
    chunks = event_chunks(generation, state, call)
    return EventResponse(chunks, call.limit, generation.headers, generation.format.media_type)


@router.get(
    "/requests/{request_id}",
    summary="Receipt of a request",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
async def receipt(request_id: str, state: StateDependency) -> Receipt:
    """What was sent in answer to a request for events, by its X-Request-ID, for a while after its end.

    A body whose SHA-256 is that of a complete receipt arrived whole.
    """
    return state.receipts.get(request_id)
