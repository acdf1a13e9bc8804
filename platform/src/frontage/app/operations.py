"""For whoever operates the platform: is it alive, is it ready, and its numbers."""

import asyncio
from typing import Any, Literal

from litestar import Response
from litestar.di import NamedDependency as Injected
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from frontage.app.services import Services
from frontage.base.database import is_unavailable
from frontage.edge.gate import not_found
from frontage.edge.sources import Nobody
from frontage.host.migrating import Unit, floor_units, pending, plugin_unit
from frontage.plugin.routes import get

_PING_SECONDS = 1.0
_AWAY = "the database does not answer"
_UNSHARED = "the store of limits does not answer"
_OPEN: dict[str, Any] = {"tenant": Nobody(), "limit": (), "off": not_found, "tags": ["Operations"]}


class Liveness(Struct, frozen=True):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Readiness(Struct, frozen=True):
    """Whether requests should be sent here, and what does not work."""

    status: Literal["ready", "not ready"]
    reasons: list[str]
    degraded: list[str]


@get("/health/live", **_OPEN)
async def live() -> Liveness:
    """Tell that the process answers; depends on nothing else."""
    return Liveness()


@get("/health/ready", **_OPEN)
async def ready(services: Injected[Services]) -> Response[Readiness]:
    """Tell whether requests should be sent here."""
    health = services.intake.health()
    reasons = ["draining"] if services.draining.is_set() else await _reasons(services)
    degraded = [f"plugin {entry.slug}: {entry.stage.value}" for entry in services.roster.stopped]
    degraded += health.degraded
    if services.shared_limiter is not None and not services.shared_limiter.is_shared:
        degraded.append(_UNSHARED)
    if reasons == [_AWAY] and services.intake.streams and health.ready:
        # Events are kept in the spool meanwhile; turning the browsers away would lose what they send.
        reasons, degraded = [], [_AWAY, *degraded]
    readiness = Readiness("not ready" if reasons else "ready", reasons, degraded)
    return Response(readiness, status_code=503 if reasons else 200)


async def _reasons(services: Services) -> list[str]:
    try:
        async with asyncio.timeout(_PING_SECONDS):
            await services.database.ping()
            if services.migrated:
                return []
            behind = await pending(services.database, _units(services))
    except Exception as error:
        if not is_unavailable(error):
            raise
        return [_AWAY]
    services.migrated = not behind
    return [f"migrations are due: {line}" for line in behind]


def _units(services: Services) -> list[Unit]:
    plugins = [plugin_unit(entry) for entry in services.roster.serving]
    return [*floor_units(), *(unit for unit in plugins if unit is not None)]


@get("/metrics", media_type=CONTENT_TYPE_PLAIN_0_0_4, include_in_schema=False, **_OPEN)
async def metrics(services: Injected[Services]) -> bytes:
    """The numbers of this process, for Prometheus."""
    return generate_latest(services.metrics)


OPERATION_ROUTES: list[HTTPRouteHandler] = [live, ready, metrics]
