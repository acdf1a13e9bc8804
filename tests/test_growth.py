"""What a database that is distributed by tenant demands of the tables, of the platform and of every plugin of this house.

The rules of Citus: unique and primary keys and foreign keys between distributed tables hold the column by which they are
distributed; a table without that column is a reference table, which is small and lies on every node, or stays local.
"""

import asyncpg
import pytest
import pytest_asyncio

from frontage.app.platform import load_plugins
from frontage.base.database import Database
from frontage.host.discovery import find_candidates
from frontage.host.migrating import migrate

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFERENCE = {
    "core_tenant": "who there is; every other table refers to it",
    "core_revision": "one row that counts changes",
    "core_plugin": "what was installed",
    "core_job": "when daily work began",
    "store_locator_gazetteer_spot": "places of the world, the same for all tenants",
    "store_locator_gazetteer_name": "their names, the same for all tenants",
}
"""Tables without a tenant, each with the reason why it may lie on every node."""
LOCAL = {
    "intake_outbox": "rows of many tenants for some milliseconds, taken by one worker in order",
    "intake_batch": "batches of streams whose rows are not kept, of many tenants each",
}
"""Tables that stay on the coordinator."""
TENANT_SECOND = {"intake_dead_letter": "found by stream first; its key holds the tenant, which is all that is demanded"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def catalogue(postgres_server):
    with postgres_server.empty_database() as url:
        database = Database(url)
        roster, _ = await load_plugins(database, find_candidates(), migrated=False)
        await migrate(database, roster)
        await database.close()
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        yield connection
        await connection.close()


TABLES = """
    select c.relname as name, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') as of_tenant
    from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and c.relname !~ '^alembic_version_' and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""
UNIQUE = """
    select i.indrelid::regclass::text as table, i.indexrelid::regclass::text as name, i.indisprimary as is_primary,
        array(select a.attname::text from unnest(i.indkey) with ordinality k(number, place)
              join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.number order by place) as columns
    from pg_index i where i.indisunique
"""
FOREIGN = """
    select conrelid::regclass::text as table, confrelid::regclass::text as target, conname::text as name,
        array(select a.attname::text from unnest(conkey) with ordinality k(number, place)
              join pg_attribute a on a.attrelid = conrelid and a.attnum = k.number order by place) as columns,
        array(select a.attname::text from unnest(confkey) with ordinality k(number, place)
              join pg_attribute a on a.attrelid = confrelid and a.attnum = k.number order by place) as targets
    from pg_constraint where contype = 'f' and conparentid = 0
"""


async def distributed(catalogue):
    return {row["name"] for row in await catalogue.fetch(TABLES) if row["of_tenant"]} - LOCAL.keys()


async def test_every_table_has_a_tenant_or_a_reason_to_have_none(catalogue):
    without = {row["name"] for row in await catalogue.fetch(TABLES) if not row["of_tenant"]}
    assert without == REFERENCE.keys() | LOCAL.keys()
    assert len(await distributed(catalogue)) > 10


async def test_every_unique_key_begins_with_the_tenant(catalogue):
    wanted = await distributed(catalogue)
    keys = [row for row in await catalogue.fetch(UNIQUE) if row["table"] in wanted]
    assert {row["table"] for row in keys if row["is_primary"]} == wanted
    wrong = [row["name"] for row in keys if row["columns"][0] != "tenant_id" and row["table"] not in TENANT_SECOND]
    assert wrong == []
    assert all("tenant_id" in row["columns"] for row in keys)


async def test_every_reference_between_tenants_rows_stays_with_the_tenant(catalogue):
    """Else a join or a cascade would have to leave the node on which the tenant's rows lie."""
    wanted = await distributed(catalogue)
    rows = [row for row in await catalogue.fetch(FOREIGN) if row["table"] in wanted]
    assert rows
    for row in rows:
        if row["target"] in wanted:
            pairs = dict(zip(row["columns"], row["targets"], strict=True))
            assert pairs.get("tenant_id") == "tenant_id", row["name"]
        else:
            assert row["target"] in REFERENCE, row["name"]


async def test_no_local_or_reference_table_refers_to_a_tenants_row(catalogue):
    """A reference table lies on every node; what it refers to must lie there too."""
    wanted = await distributed(catalogue)
    others = REFERENCE.keys() | LOCAL.keys()
    assert not [
        row["name"] for row in await catalogue.fetch(FOREIGN) if row["table"] in others and row["target"] in wanted
    ]
