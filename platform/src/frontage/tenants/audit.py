"""Who did what to a tenant, kept for a year."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.clock import utc_now
from frontage.base.ids import new_id
from frontage.tenants.models import AuditRow

KEPT = timedelta(days=365)


def record(session: AsyncSession, tenant_id: UUID, *, actor: str, action: str, subject: str, **details: Any) -> None:
    """Write an entry; it is committed with the change that it tells of."""
    entry = AuditRow(tenant_id=tenant_id, id=new_id(), actor=actor, action=action, subject=subject, details=details)
    session.add(entry)


async def newest(session: AsyncSession, tenant_id: UUID, *, offset: int = 0, limit: int = 100) -> Sequence[AuditRow]:
    """What was done to a tenant, the newest first."""
    wanted = select(AuditRow).where(AuditRow.tenant_id == tenant_id).order_by(AuditRow.id.desc())
    return (await session.scalars(wanted.offset(offset).limit(limit))).all()


async def count(session: AsyncSession, tenant_id: UUID) -> int:
    """How many entries a tenant has."""
    counted = select(func.count()).select_from(AuditRow).where(AuditRow.tenant_id == tenant_id)
    return (await session.execute(counted)).scalar_one()


async def forget_old(session: AsyncSession) -> None:
    """Remove what is older than a year."""
    await session.execute(delete(AuditRow).where(AuditRow.at < utc_now() - KEPT))
