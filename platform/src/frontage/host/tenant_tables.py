"""Which tables hold something of a tenant: those of the code, to be read, and those of the database, to be emptied."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any, cast

from sqlalchemy import Column, Connection, MetaData, Uuid, inspect, text
from sqlalchemy import Table as CoreTable
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.tables import Table
from frontage.host.loading import resolve
from frontage.intake.stream import BoundStream, bind
from frontage.intake.tables import tables_of_stream
from frontage.plugin.declaration import Plugin

_WITH_TENANT_ID = {
    "sqlite": """
        select t.name from sqlite_master t join pragma_table_info(t.name) c on c.name = 'tenant_id'
        where t.type = 'table'
    """,
    "postgresql": """
        select t.relname from pg_class t join pg_attribute c on c.attrelid = t.oid and c.attname = 'tenant_id'
        where t.relkind in ('r', 'p') and not t.relispartition and not c.attisdropped and pg_table_is_visible(t.oid)
    """,
}


def mapped_tables(plugins: Iterable[Plugin]) -> list[CoreTable]:
    """The core's and these plugins' tables that have a `tenant_id`, referred ones first, those of streams last."""
    recorded: list[CoreTable] = []
    for plugin in plugins:
        if plugin.models:
            import_module(plugin.models)
        if plugin.streams:
            recorded += tables_of_streams(bind(plugin.slug, resolve(plugin.streams)))
    return [table for table in Table.metadata.sorted_tables if "tenant_id" in table.c] + recorded


def tables_of_streams(streams: Iterable[BoundStream]) -> list[CoreTable]:
    """What streams record, and what is counted from it."""
    return [table for stream in streams for table in tables_of_stream(stream)]


async def stored_tables(session: AsyncSession) -> list[CoreTable]:
    """Every table of the database that has a `tenant_id`, in the order of deletion.

    Asked of the database, not of the code: what a plugin left behind that is broken or gone is found as well.
    """
    statement = text(_WITH_TENANT_ID[session.get_bind().dialect.name])
    names = set((await session.scalars(statement)).all())
    connection = await session.connection()
    ordered = await connection.run_sync(_in_order_of_deletion)
    metadata = MetaData()
    return [CoreTable(name, metadata, Column("tenant_id", Uuid())) for name in ordered if name in names]


def _in_order_of_deletion(connection: Connection) -> list[str]:
    sorted_names: list[tuple[Any, Any]] = cast("Any", inspect(connection).get_sorted_table_and_fkc_names())
    return [name for name, _ in reversed(sorted_names) if name]
