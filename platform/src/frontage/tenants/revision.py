"""Telling every worker that a tenant changed: a counter that each of them compares, and a NOTIFY that wakes them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.tenants.models import RevisionRow, TenantRow

CHANNEL = "frontage_changed"


async def current_revision(session: AsyncSession) -> int:
    """The revision of the last committed change."""
    return (await session.execute(select(RevisionRow.revision))).scalar_one()


async def begin_change(session: AsyncSession) -> int:
    """Open a change: until this transaction ends nobody else changes any tenant. Returns the change's revision."""
    bumped = update(RevisionRow).values(revision=RevisionRow.revision + 1).returning(RevisionRow.revision)
    revision = (await session.execute(bumped)).scalar_one()
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(
            text("select pg_notify(:channel, :revision)"), {"channel": CHANNEL, "revision": str(revision)}
        )
    return revision


async def mark_changed(session: AsyncSession, tenant_ids: Collection[UUID], revision: int) -> None:
    """Mark tenants as changed by this revision, so that workers load them again."""
    await session.execute(update(TenantRow).where(TenantRow.id.in_(tenant_ids)).values(revision=revision))
