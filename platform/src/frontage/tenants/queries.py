"""The statements by which the directory keeps itself up to date."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.tenants.models import EnablementRow, KeyRow, TenantRow


async def tenants_changed_since(session: AsyncSession, revision: int) -> Sequence[TenantRow]:
    """Every tenant that a later change touched."""
    return (await session.scalars(select(TenantRow).where(TenantRow.revision > revision))).all()


async def tenant_ids(session: AsyncSession) -> set[UUID]:
    """The ids of all tenants."""
    return set((await session.scalars(select(TenantRow.id))).all())


async def tenant_by_slug(session: AsyncSession, slug: str) -> TenantRow | None:
    """A tenant, active or not."""
    return (await session.scalars(select(TenantRow).where(TenantRow.slug == slug))).one_or_none()


async def enablements_changed_since(session: AsyncSession, revision: int) -> Sequence[EnablementRow]:
    """The plugins that are on for every tenant that a later change touched."""
    wanted = select(EnablementRow).join(TenantRow).where(TenantRow.revision > revision)
    return (await session.scalars(wanted)).all()


async def unrevoked_keys_changed_since(session: AsyncSession, revision: int) -> Sequence[KeyRow]:
    """The keys that are not revoked, though perhaps expired, of every tenant that a later change touched."""
    wanted = select(KeyRow).join(TenantRow).where(TenantRow.revision > revision, KeyRow.revoked_at.is_(None))
    return (await session.scalars(wanted)).all()


async def mark_key_used(session: AsyncSession, tenant_id: UUID, key_id: UUID, **values: object) -> None:
    """Note when a key was last used."""
    changed = update(KeyRow).where(KeyRow.tenant_id == tenant_id, KeyRow.id == key_id).values(**values)
    await session.execute(changed)
