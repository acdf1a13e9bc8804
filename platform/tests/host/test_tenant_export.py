"""An export holds everything of one tenant, nothing of another, and no secret."""

import base64
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import (
    Column,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    insert,
    select,
)

from frontage.base.database import Database
from frontage.base.ids import new_id, to_short
from frontage.base.tables import Table as Mapped
from frontage.host.tenant_export import export_tenant
from frontage.host.tenant_tables import mapped_tables, stored_tables
from frontage.tenants import audit
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.models import KeyRow, RevisionRow
from frontage.tenants.plan import plan
from frontage.tenants.registry import apply_plan, delete_tenant, load_definitions

OTHER = MetaData()
PARENT = Table(
    "aa_parent",
    OTHER,
    Column("tenant_id", Uuid(), primary_key=True),
    Column("id", Uuid(), primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("raw", LargeBinary()),
    Column("price", Numeric(10, 2)),
    Column("token", Text(), info={"secret": True}),
)
CHILD = Table(
    "ab_child",
    OTHER,
    Column("tenant_id", Uuid(), primary_key=True),
    Column("parent_id", Uuid()),
    Column("n", Integer(), primary_key=True),
    ForeignKeyConstraint(["tenant_id", "parent_id"], ["aa_parent.tenant_id", "aa_parent.id"]),
)
Table("ac_without_tenant", OTHER, Column("id", Integer(), primary_key=True))
AT = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
KEY = {
    "kind": "secret",
    "name": "till",
    "prefix": "csb_aaaaaaaa",
    "digest": b"\x01secret",
    "pepper": "p",
    "scopes": ["a"],
}


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Mapped.metadata.create_all)
        await connection.run_sync(OTHER.create_all)
        await connection.execute(insert(RevisionRow).values(id=1, revision=0))
    async with database.writing() as session:
        wanted = [
            TenantDefinition("acme", 1, "Acme", plugins={"p": PluginDefinition({"a": [1]}, 2)}),
            TenantDefinition("bolt", 2, "Bolt"),
        ]
        await apply_plan(session, plan([], wanted), "test")
    yield database
    await database.close()


async def tenants(database):
    async with database.reading() as session:
        return await load_definitions(session)


async def fill(database, tenant, children=2):
    parent = {"tenant_id": tenant.id, "id": UUID(int=5), "at": AT, "raw": b"\xff\x00", "price": "1.50", "token": "hush"}
    async with database.writing() as session:
        await session.execute(insert(KeyRow).values(tenant_id=tenant.id, id=new_id(), origins=[], **KEY))
        await session.execute(insert(PARENT).values(parent))
        rows = [{"tenant_id": tenant.id, "parent_id": UUID(int=5), "n": n} for n in range(children)]
        await session.execute(insert(CHILD), rows)
        audit.record(session, tenant.id, actor="test", action="key.created", subject="till")


async def export(database, tenant):
    async with database.reading() as session:
        return b"".join([line async for line in export_tenant(session, tenant, [*mapped_tables([]), PARENT, CHILD])])


async def test_an_export_begins_with_the_definition_and_holds_every_row(database):
    acme, bolt = await tenants(database)
    for tenant in (acme, bolt):
        await fill(database, tenant)
    text = (await export(database, acme)).decode()
    first, *rest = [json.loads(line) for line in text.splitlines()]
    assert first["tenant"]["id"] == to_short(acme.id)
    assert first["tenant"]["plugins"] == {"p": {"settings": {"a": [1]}, "settings_version": 2}}
    tables = [record["table"] for record in rest]
    assert {name: tables.count(name) for name in tables} == {
        "core_audit": 2,
        "core_enablement": 1,
        "core_key": 1,
        "aa_parent": 1,
        "ab_child": 2,
    }
    assert {record["row"]["tenant_id"] for record in rest} == {to_short(acme.id)}
    assert to_short(bolt.id) not in text


async def test_values_have_their_public_form(database):
    acme, _ = await tenants(database)
    await fill(database, acme)
    records = [json.loads(line) for line in (await export(database, acme)).splitlines()]
    [row] = [record["row"] for record in records if record.get("table") == "aa_parent"]
    assert row["id"] == to_short(UUID(int=5))
    assert row["at"].startswith("2024-02-29T12:30:00")
    assert row["raw"] == base64.b64encode(b"\xff\x00").decode()
    assert row["price"] == "1.50"
    [key] = [record["row"] for record in records if record.get("table") == "core_key"]
    assert datetime.fromisoformat(key["created_at"]).tzinfo


async def test_no_digest_and_no_secret_column_is_exported(database):
    acme, _ = await tenants(database)
    await fill(database, acme)
    text = (await export(database, acme)).decode()
    assert "till" in text
    assert "digest" not in text
    assert base64.b64encode(b"\x01secret").decode() not in text
    assert "hush" not in text


async def test_many_rows_come_in_pieces(database):
    acme, _ = await tenants(database)
    await fill(database, acme, children=1800)
    assert (await export(database, acme)).count(b'"ab_child"') == 1800


async def test_every_table_with_a_tenant_is_emptied_before_what_it_refers_to(database):
    acme, bolt = await tenants(database)
    for tenant in (acme, bolt):
        await fill(database, tenant)
    async with database.writing() as session:
        tables = await stored_tables(session)
        names = [table.name for table in tables]
        assert set(names) >= {"core_key", "core_audit", "core_enablement", "aa_parent", "ab_child"}
        assert names.index("ab_child") < names.index("aa_parent")
        await delete_tenant(session, "acme", tables)
    async with database.reading() as session:
        for table in tables:
            found = await session.scalars(select(table.c.tenant_id).distinct())
            assert set(found) <= {bolt.id}
    assert [tenant.slug for tenant in await tenants(database)] == ["bolt"]
