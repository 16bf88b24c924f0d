"""Routes for whoever runs the service: health, metrics, and a greeting."""

from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from service.dependencies import CollectionDependency, StateDependency
from service.errors import NotReadyError
from service.problems import problem_responses

router = APIRouter(tags=["operation"])


@router.get("/", summary="Greeting")
async def greeting(request: Request, collection: CollectionDependency) -> dict[str, Any]:
    """What this is, and how to ask for events."""
    example = request.url.replace(path="/generate", query=f"process={collection.shelf.processes[0]}&n=1000")
    return {
        "service": "eventmill",
        "description": "LHC collision events from trained generative models.",
        "processes": list(collection.shelf.processes),
        "example": f"curl -X POST '{example}' > events.csv",
        "documentation": str(request.url.replace(path="/docs")),
    }


@router.get("/health/live", summary="Is the process alive?")
async def live() -> dict[str, str]:
    """Answers as long as the process does."""
    return {"status": "live"}


@router.get(
    "/health/ready",
    summary="Can events be generated?",
    responses=problem_responses(HTTPStatus.SERVICE_UNAVAILABLE),
)
async def ready(collection: CollectionDependency, state: StateDependency) -> dict[str, Any]:
    """Answers with the models, or with status 503 while there are none and before the service stops."""
    if state.draining:
        raise NotReadyError("the service is about to stop", retry_after=state.settings.shutdown_seconds + 1)
    return {
        "status": "ready",
        "models": len(collection.samplers),
        "refused": sorted(f"{folder.parent.name}/{folder.name}" for folder in collection.refused),
        "device": collection.device,
    }


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
async def metrics(request: Request, state: StateDependency) -> Response:
    """All metrics, in the text format that the client prefers."""
    render, content_type = choose_encoder(request.headers.get("Accept", ""))
    return Response(render(state.metrics.registry), media_type=content_type)
