"""Every error as problem details (RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from models.errors import UnknownModelError
from service.errors import InvalidRequestError, ServiceError
from service.middleware import REQUEST_ID
from service.runtime import OutputError
from service.state import state_of

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"


class Problem(BaseModel):
    """Body of every error response.

    Attributes:
        type: URN of the kind of problem.
        code: The kind of problem, for programs.
        title: The kind of problem, for people.
        status: The HTTP status.
        detail: What went wrong this time, and what would help.
        instance: Path of the request.
        request_id: ID of the request, as in the service's log.
    """

    model_config = ConfigDict(extra="allow")

    type: str
    code: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error with problem details."""
    app.exception_handler(ServiceError)(_service_error)
    app.exception_handler(UnknownModelError)(_unknown_model)
    app.exception_handler(OutputError)(_output_error)
    app.exception_handler(RequestValidationError)(_validation_error)
    app.exception_handler(HTTPException)(_http_error)
    app.exception_handler(Exception)(_unexpected_error)


def problem_responses(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of responses with these statuses."""
    content = {PROBLEM_MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {status.value: {"description": status.phrase, "content": content} for status in statuses}


async def _service_error(request: Request, error: ServiceError) -> JSONResponse:
    headers = None if error.retry_after is None else {"Retry-After": str(error.retry_after)}
    return _problem(request, error.code, error.status, str(error), error.known, headers)


async def _unknown_model(request: Request, error: UnknownModelError) -> JSONResponse:
    return _problem(
        request, f"unknown_{error.kind}", HTTPStatus.NOT_FOUND, str(error), {"known": list(error.known)}
    )


async def _output_error(request: Request, error: OutputError) -> JSONResponse:
    return _problem(request, "model_failed", HTTPStatus.INTERNAL_SERVER_ERROR, str(error))


async def _validation_error(request: Request, error: RequestValidationError) -> JSONResponse:
    errors = [{"parameter": str(each["loc"][-1]), "message": each["msg"]} for each in error.errors()]
    detail = "; ".join(f"{each['parameter']}: {each['message']}" for each in errors)
    state = state_of(request)
    known = {"errors": errors, "max_events": state.settings.max_events}
    if state.collection is not None:
        known["processes"] = list(state.collection.shelf.processes)
    return _problem(request, InvalidRequestError.code, InvalidRequestError.status, detail, known)


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    headers = dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers |= _allowed(request)
    return _problem(request, code, status, error.detail, headers=headers)


def _allowed(request: Request) -> dict[str, str]:
    """The methods of a path; where there are several routes, Starlette tells those of the first."""
    methods = request.app.openapi()["paths"].get(request.url.path, ())
    return {"Allow": ", ".join(sorted(method.upper() for method in methods))} if methods else {}


async def _unexpected_error(request: Request, _: Exception) -> JSONResponse:
    detail = "the service failed; its log has the cause beside this request's ID"
    return _problem(request, ServiceError.code, ServiceError.status, detail)


def _problem(
    request: Request,
    code: str,
    status: HTTPStatus,
    detail: str,
    known: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    state_of(request).metrics.refused.labels(code).inc()
    problem = Problem(
        type=f"urn:eventmill:problem:{code}",
        code=code,
        title=code.replace("_", " ").capitalize(),
        status=status,
        detail=detail,
        instance=request.url.path,
        request_id=request.state.request_id,
        **dict(known or {}),
    )
    # The last resort's response passes no middleware that would set the ID.
    all_headers = {**(headers or {}), REQUEST_ID: problem.request_id}
    return JSONResponse(problem.model_dump(), status, all_headers, PROBLEM_MEDIA_TYPE)
