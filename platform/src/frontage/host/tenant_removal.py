"""Deletes a tenant for good, out of every table that the database has."""

from frontage.base.database import Database
from frontage.base.locks import exclusive
from frontage.base.logs import get_logger
from frontage.host.tenant_tables import stored_tables
from frontage.tenants.registry import APPLY_LOCK, delete_tenant

log = get_logger(__name__)


async def remove_tenant(database: Database, slug: str, *, actor: str) -> None:
    """Delete a tenant and every row of it; its audit goes too, so who did it stands in the log alone."""
    async with exclusive(database, APPLY_LOCK), database.writing() as session:
        await delete_tenant(session, slug, await stored_tables(session))
    log.info("tenant.deleted", tenant=slug, actor=actor)
