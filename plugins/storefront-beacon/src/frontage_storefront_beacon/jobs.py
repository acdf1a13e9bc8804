"""What is done once a day: what only serves to count goes with the events that it was counted from."""

from datetime import timedelta

import sqlalchemy as sa

from frontage.plugin import PluginContext, utc_now
from frontage_storefront_beacon.rollups import NamesOfDay, SessionTrace, TokenDay

_FOLLOWED = (SessionTrace, NamesOfDay, TokenDay)


async def forget(context: PluginContext) -> None:
    """Forget sessions, names and tokens of days whose events are not kept any more."""
    for tenant in context.tenants_with_plugin():
        days = tenant.plugins[context.slug].retention_days
        # A day more: a shop's own days begin before or after those by which events go.
        first = utc_now().date() - timedelta(days=days + 1)
        async with context.database.writing() as session:
            for kind in _FOLLOWED:
                table = context.intake.table(kind)
                await session.execute(sa.delete(table).where(table.c.tenant_id == tenant.id, table.c.day < first))
