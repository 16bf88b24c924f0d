"""What routes ask for by annotation."""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from service.engine import Engine
from service.errors import NotReadyError
from service.state import ServiceState, state_of


async def _state(request: Request) -> ServiceState:
    return state_of(request)


async def _engine(request: Request) -> Engine:
    engine = state_of(request).engine
    if engine is None:
        raise NotReadyError("the models are not loaded; try again soon")
    return engine


StateDependency: TypeAlias = Annotated[ServiceState, Depends(_state)]
EngineDependency: TypeAlias = Annotated[Engine, Depends(_engine)]
