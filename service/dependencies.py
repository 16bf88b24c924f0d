"""What routes ask for by annotation."""

from typing import Annotated, TypeAlias

from fastapi import Depends, Request

from service.collection import Collection
from service.errors import NotReadyError
from service.state import ServiceState, state_of


async def _state(request: Request) -> ServiceState:
    return state_of(request)


async def _collection(request: Request) -> Collection:
    collection = state_of(request).collection
    if collection is None:
        raise NotReadyError("the models are not loaded", retry_after=1)
    return collection


StateDependency: TypeAlias = Annotated[ServiceState, Depends(_state)]
CollectionDependency: TypeAlias = Annotated[Collection, Depends(_collection)]
