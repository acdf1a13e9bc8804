"""The platform's own regular jobs: what is old goes."""

from datetime import timedelta
from uuid import UUID

from frontage.app.services import Services
from frontage.host.jobs import DueWork
from frontage.intake.retention import KeepOf
from frontage.tenants import audit
from frontage.tenants.directory import Directory

_DAILY = timedelta(days=1)
_EVERY_MINUTE = timedelta(minutes=1)


def own_jobs(services: Services) -> list[DueWork]:
    """What is done once a day, and what every minute."""
    house = _Housekeeping(services)
    return [
        DueWork("core.forget-old-audit", _DAILY, house.forget_old_audit),
        DueWork("core.expire-events", _DAILY, house.expire_events),
        DueWork("core.sweep-deleted-tenants", _EVERY_MINUTE, services.intake.sweep_erased),
    ]


class _Housekeeping:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def forget_old_audit(self) -> None:
        async with self._services.database.writing() as session:
            await audit.forget_old(session)

    async def expire_events(self) -> None:
        directory = self._services.directory
        await self._services.intake.expire([tenant.id for tenant in directory.tenants], kept_for(directory))


def kept_for(directory: Directory) -> KeepOf:
    """What a tenant's settings of a stream's plugin say under `retention_days`, when they have it."""

    def kept(tenant_id: UUID, stream: str) -> timedelta | None:
        tenant = directory.find_tenant_by_id(tenant_id)
        settings = tenant.plugins.get(stream.partition(".")[0]) if tenant else None
        days = getattr(settings, "retention_days", None)
        return None if days is None else timedelta(days=days)

    return kept
