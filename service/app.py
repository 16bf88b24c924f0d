"""The application."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import anyio.to_thread
from fastapi import FastAPI

from service.engine import Engine
from service.errors import add_error_handlers
from service.metrics import Metrics
from service.middleware import RequestIdMiddleware
from service.routes import catalogue, generate, internal
from service.settings import Settings
from service.state import ServiceState


def create_app(settings: Settings, open_engine: Callable[[Settings], Engine] = Engine.open) -> FastAPI:
    """The service as an ASGI application, which loads the models when it is started.

    Args:
        settings: How it runs.
        open_engine: What loads the models.
    """
    state = ServiceState(settings, Metrics())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        engine = await anyio.to_thread.run_sync(open_engine, settings)
        for sampler in engine.samplers.values():
            state.metrics.loaded(sampler.manifest, engine.device)
        state.engine = engine
        yield
        state.engine = None
        engine.close()

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
