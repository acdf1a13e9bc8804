"""Deletes a tenant for good, out of every table that the database has, and keeps its late events out."""

from collections.abc import Sequence

from frontage.base.database import Database
from frontage.base.locks import exclusive
from frontage.base.logs import get_logger
from frontage.host.tenant_tables import stored_tables
from frontage.intake.erasure import erase_tenants, mark_erased, tables_of
from frontage.intake.failpoints import reached
from frontage.intake.stream import BoundStream
from frontage.intake.tables import ERASED
from frontage.tenants.registry import APPLY_LOCK, delete_tenant

log = get_logger(__name__)


async def remove_tenant(database: Database, slug: str, streams: Sequence[BoundStream], *, actor: str) -> None:
    """Delete a tenant and every row of it; its audit goes too, so who did it stands in the log alone.

    What streams recorded follows in small portions; should this end half-way, a serving process does the rest.
    """
    async with exclusive(database, APPLY_LOCK), database.writing() as session:
        stored = {table.name: table for table in await stored_tables(session)}
        # Where a migration is due, what there is of a stream goes like any other table.
        whole = [one for one in streams if all(table.name in stored for table in tables_of([one]))]
        later = {ERASED, *(table.name for table in tables_of(whole))}
        now = [table for name, table in stored.items() if name not in later]
        tenant = await delete_tenant(session, slug, now)
        await mark_erased(session, tenant)
    log.info("tenant.deleted", tenant=slug, actor=actor)
    reached("erase.marked")
    await erase_tenants(database, whole, [tenant])
