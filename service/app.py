"""The application."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from service.collection import Collection
from service.keeper import OpenCollection, keep_models
from service.middleware import RequestIdMiddleware
from service.problems import add_error_handlers
from service.routes import catalogue, generate, internal
from service.state import ServiceState


def create_app(state: ServiceState, open_collection: OpenCollection = Collection.open) -> FastAPI:
    """The service as an ASGI application, which begins to load its models when it is started.

    Args:
        state: Its state, which is not to be used again after it.
        open_collection: What loads the models.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        keeper = asyncio.create_task(keep_models(state, open_collection))
        try:
            yield
        finally:
            keeper.cancel()

    app = FastAPI(
        title="Eventmill",
        summary="LHC collision events from trained generative models, in the Dark Machines format.",
        version=version("eventmill"),
        lifespan=lifespan,
    )
    app.state.service = state
    app.add_middleware(RequestIdMiddleware)
    add_error_handlers(app)
    for router in (generate.router, catalogue.router, internal.router):
        app.include_router(router)
    return app
