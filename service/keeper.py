"""Keeps the served models those of the shelf: loads them at the start, and again when their files change."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from anyio.to_thread import run_sync

from models.shelf import SHIPPED
from service.collection import Collection
from service.settings import Settings
from service.state import ServiceState

OpenCollection: TypeAlias = Callable[[Settings, Collection | None], Collection]
Fingerprint: TypeAlias = frozenset[tuple[Path, int, int]]

_LOG = logging.getLogger(__name__)


async def keep_models(state: ServiceState, open_collection: OpenCollection) -> None:
    """Load the models, then look for changes for ever.

    Streams that run go on with the model that they began with. Models that cannot be served do not replace
    what was loaded before. If there is nothing to begin with, the state's failure says why.
    """
    settings = state.settings
    root = settings.models or SHIPPED
    loaded = last = await run_sync(_fingerprint, root)
    await _load(state, open_collection)
    while settings.reload_seconds and state.failure is None:
        await asyncio.sleep(settings.reload_seconds)
        found = await run_sync(_fingerprint, root)
        # Files that are still being copied change from look to look.
        if found == last and found != loaded:
            await _load(state, open_collection)
            loaded = found
        last = found


async def _load(state: ServiceState, open_collection: OpenCollection) -> None:
    try:
        collection = await run_sync(open_collection, state.settings, state.collection, abandon_on_cancel=True)
    except Exception as error:  # noqa: BLE001 - it ends the service, or is logged
        state.metrics.load_failures.inc()
        if state.collection is None:
            state.failure = error
        else:
            _LOG.exception("the changed models cannot be loaded; going on with those before")
        return
    state.collection = collection
    state.metrics.load_failures.inc(len(collection.refused))
    state.metrics.loaded((each.manifest for each in collection.samplers.values()), collection.device)
    _LOG.info("ready: %s", ", ".join("/".join(key) for key in collection.samplers))


def _fingerprint(root: Path) -> Fingerprint:
    """Name, size and time of change of every file of every model; nothing if one goes away meanwhile."""
    try:
        stats = [(path, path.stat()) for path in root.glob("*/*/*") if path.is_file()]
    except OSError:
        return frozenset()
    return frozenset((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats)
