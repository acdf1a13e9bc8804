"""The tenants in the database, in the form of their definitions: read, changed by a plan, deleted."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import String, Table, cast, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.clock import utc_now
from frontage.base.ids import new_id
from frontage.tenants import audit
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.errors import TenantNotFoundError
from frontage.tenants.local_days import HeldDay, day_to_hold
from frontage.tenants.models import EnablementRow, TenantRow
from frontage.tenants.plan import Change, ChangeKind, Plan
from frontage.tenants.revision import begin_change

APPLY_LOCK = "tenants-apply"
"""The name of the lock under which tenants are applied and deleted, so that what was planned still holds."""
_ACTIONS = {
    ChangeKind.CREATE: "tenant.created",
    ChangeKind.UPDATE: "tenant.updated",
    ChangeKind.SUSPEND: "tenant.suspended",
    ChangeKind.RESUME: "tenant.resumed",
}


async def load_definitions(session: AsyncSession) -> list[TenantDefinition]:
    """Every tenant, by number, suspended ones too."""
    enablements = await session.execute(
        select(EnablementRow.tenant_id, EnablementRow.plugin, EnablementRow.settings, EnablementRow.settings_version)
    )
    plugins: dict[UUID, dict[str, PluginDefinition]] = {}
    for tenant_id, plugin, settings, version in enablements:
        plugins.setdefault(tenant_id, {})[plugin] = PluginDefinition(settings, version)
    tenants = await session.execute(
        select(
            TenantRow.slug,
            TenantRow.number,
            TenantRow.name,
            TenantRow.timezone,
            TenantRow.currency,
            TenantRow.status,
            TenantRow.privacy_signals,
            TenantRow.policies,
            TenantRow.id,
        ).order_by(TenantRow.number)
    )
    return [TenantDefinition(**row._mapping, plugins=plugins.get(row.id, {})) for row in tenants]  # noqa: SLF001


async def find_definition(session: AsyncSession, slug: str) -> TenantDefinition:
    """The tenant with this slug, suspended or not."""
    for definition in await load_definitions(session):
        if definition.slug == slug:
            return definition
    raise TenantNotFoundError(f"There is no tenant {slug!r}.")


async def apply_plan(session: AsyncSession, plan: Plan, actor: str) -> None:
    """Make every change of the plan, and say in the audit who made it; a plan without changes writes nothing."""
    if not plan.changes:
        return
    revision = await begin_change(session)
    await _park(session, plan.changes)
    for change in plan.changes:
        tenant_id = await _write(session, change, revision)
        changes = {field.field: {"before": field.before, "after": field.after} for field in change.fields}
        audit.record(
            session, tenant_id, actor=actor, action=_ACTIONS[change.kind], subject=change.slug, changes=changes
        )


async def delete_tenant(session: AsyncSession, slug: str, tables: Sequence[Table]) -> UUID:
    """Delete a tenant and its rows in `tables`, which come in the order of deletion; gives the id that it had.

    The core's own tables follow by cascade, the audit too.
    """
    tenant_id = (await find_definition(session, slug)).id
    assert tenant_id is not None, "it was just read"
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("set local statement_timeout = 0"))
    for table in tables:
        await session.execute(delete(table).where(table.c.tenant_id == tenant_id))
    # The change is opened last: until this transaction ends it holds up everyone who changes a tenant.
    await begin_change(session)
    await session.execute(delete(TenantRow).where(TenantRow.id == tenant_id))
    return tenant_id


async def _held(session: AsyncSession, tenant_id: UUID, zone: ZoneInfo) -> dict[str, Any]:
    """The day that a tenant finishes before another time zone holds."""
    row = (
        await session.execute(select(TenantRow.held_day, TenantRow.held_until).where(TenantRow.id == tenant_id))
    ).one()
    before = HeldDay(row.held_day, row.held_until) if row.held_day and row.held_until else None
    held = day_to_hold(utc_now(), zone, before)
    return {"held_day": held.day, "held_until": held.until}


async def _park(session: AsyncSession, changes: Sequence[Change]) -> None:
    """Free the numbers and slugs of tenants that give them up, so that two of them can swap."""
    parked = {"number": -TenantRow.number, "slug": "~" + cast(TenantRow.number, String)}
    for change in changes:
        if change.moves:
            await session.execute(update(TenantRow).where(TenantRow.id == change.after.id).values(parked))


async def _write(session: AsyncSession, change: Change, revision: int) -> UUID:
    tenant_id = change.after.id or new_id()
    values: dict[str, Any] = {
        "slug": change.after.slug,
        "number": change.after.number,
        "name": change.after.name,
        "timezone": change.after.timezone,
        "currency": change.after.currency,
        "status": change.after.status,
        "privacy_signals": change.after.privacy_signals,
        "policies": dict(change.after.policies),
        "revision": revision,
    }
    if change.before is not None and change.before.timezone != change.after.timezone:
        values |= await _held(session, tenant_id, ZoneInfo(change.before.timezone))
    if change.before is None:
        await session.execute(insert(TenantRow).values(id=tenant_id, **values))
    else:
        await session.execute(update(TenantRow).where(TenantRow.id == tenant_id).values(**values))
        await session.execute(delete(EnablementRow).where(EnablementRow.tenant_id == tenant_id))
    for slug, plugin in change.after.plugins.items():
        await session.execute(
            insert(EnablementRow).values(
                tenant_id=tenant_id,
                plugin=slug,
                settings=dict(plugin.settings),
                settings_version=plugin.settings_version,
            )
        )
    return tenant_id
