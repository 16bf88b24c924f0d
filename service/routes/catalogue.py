"""What can be generated, and by which models."""

from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel

from models.manifest import AnyManifest
from models.shelf import Artefact
from service.dependencies import CollectionDependency
from service.problems import problem_responses

router = APIRouter(tags=["catalogue"])


class ProcessEntry(BaseModel):
    """A process and its models."""

    process: str
    default_model: str
    models: list[str]


class ModelEntry(BaseModel):
    """A model in brief."""

    process: str
    model: str
    version: str
    digest: str
    description: str

    @classmethod
    def of(cls, artefact: Artefact) -> "ModelEntry":
        """The entry of an artefact."""
        manifest = artefact.manifest
        return cls(
            process=manifest.process,
            model=manifest.model,
            version=manifest.version,
            digest=manifest.digest,
            description=manifest.description,
        )


class ModelDetail(BaseModel):
    """A model in full: its digest, manifest and card (Markdown)."""

    digest: str
    manifest: AnyManifest
    card: str


@router.get(
    "/processes", summary="List processes", responses=problem_responses(HTTPStatus.SERVICE_UNAVAILABLE)
)
async def processes(collection: CollectionDependency) -> list[ProcessEntry]:
    """All processes, each with its models and the one that serves it by default."""
    return [
        ProcessEntry(
            process=name, default_model=collection.default(name), models=list(collection.shelf.models(name))
        )
        for name in collection.shelf.processes
    ]


@router.get("/models", summary="List models", responses=problem_responses(HTTPStatus.SERVICE_UNAVAILABLE))
async def models(collection: CollectionDependency) -> list[ModelEntry]:
    """All models in brief."""
    return [ModelEntry.of(artefact) for artefact in collection.shelf]


@router.get(
    "/models/{process}/{model}",
    summary="Describe a model",
    responses=problem_responses(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def model(process: str, model: str, collection: CollectionDependency) -> ModelDetail:
    """One model in full: manifest with provenance and figures, and model card."""
    artefact = collection.shelf.get(process, model)
    return ModelDetail(digest=artefact.manifest.digest, manifest=artefact.manifest, card=artefact.card())
