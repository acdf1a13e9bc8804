"""Plans that meet a database: what they leave there, on both engines."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Uuid, func, insert, select

from frontage.base.database import Database
from frontage.base.tables import Table as Mapped
from frontage.tenants import audit
from frontage.tenants.definition import PluginDefinition, TenantDefinition
from frontage.tenants.errors import TenantNotFoundError
from frontage.tenants.models import AuditRow, EnablementRow, RevisionRow, TenantRow
from frontage.tenants.plan import plan
from frontage.tenants.registry import apply_plan, delete_tenant, find_definition, load_definitions
from frontage.tenants.revision import current_revision

ACME = TenantDefinition("acme", 1, "Acme", policies={"secret": "1;w=1"})
BOLT = TenantDefinition(
    "bolt", 2, "Bolt", timezone="Asia/Tokyo", currency="JPY", plugins={"p": PluginDefinition({"a": [1, {"b": 0.5}]}, 3)}
)
OTHER = Table("other_plugin_row", MetaData(), Column("tenant_id", Uuid()), Column("n", Integer))


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(Mapped.metadata.create_all)
        await connection.run_sync(OTHER.metadata.create_all)
        await connection.execute(insert(RevisionRow).values(id=1, revision=0))
    yield database
    await database.close()


async def apply(database, *wanted, actor="test"):
    async with database.writing() as session:
        await apply_plan(session, plan(await load_definitions(session), wanted), actor)
    async with database.reading() as session:
        return await load_definitions(session)


async def test_what_is_applied_is_what_is_loaded_and_needs_no_second_apply(database):
    stored = await apply(database, BOLT, ACME)
    assert [replace(one, id=None) for one in stored] == [ACME, BOLT]
    assert all(one.id for one in stored)
    assert plan(stored, [ACME, BOLT]).changes == ()


async def test_an_apply_without_changes_does_not_count_as_one(database):
    await apply(database, ACME)
    await apply(database, ACME)
    async with database.reading() as session:
        assert await current_revision(session) == 1


async def test_only_changed_tenants_are_marked_for_the_workers(database):
    await apply(database, ACME, BOLT)
    await apply(database, replace(ACME, name="Acme Ltd"), BOLT)
    async with database.reading() as session:
        revisions = await session.execute(select(TenantRow.slug, TenantRow.revision))
        assert dict(revisions.tuples().all()) == {"acme": 2, "bolt": 1}


async def test_two_tenants_can_swap_their_numbers_and_slugs(database):
    acme, bolt = await apply(database, ACME, BOLT)
    swapped = await apply(database, replace(acme, number=2, slug="bolt"), replace(bolt, number=1, slug="acme"))
    assert [(one.id, one.number, one.slug, one.name) for one in swapped] == [
        (bolt.id, 1, "acme", "Bolt"),
        (acme.id, 2, "bolt", "Acme"),
    ]


async def test_a_new_tenant_can_take_the_number_that_another_gives_up(database):
    await apply(database, ACME)
    stored = await apply(database, TenantDefinition("new", 1, "New"), replace(ACME, number=5))
    assert [(one.slug, one.number) for one in stored] == [("new", 1), ("acme", 5)]


async def test_a_tenant_without_a_file_is_suspended_and_comes_back_as_itself(database):
    acme, bolt = await apply(database, ACME, BOLT)
    assert await apply(database, ACME) == [acme, replace(bolt, status="suspended")]
    assert await apply(database, ACME, BOLT) == [acme, bolt]


async def test_a_plugin_that_is_turned_off_leaves_no_settings(database):
    await apply(database, BOLT)
    await apply(database, replace(BOLT, plugins={}))
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(EnablementRow)) == 0


async def test_the_audit_tells_who_changed_what(database):
    await apply(database, ACME, BOLT, actor="cli:ann")
    await apply(database, replace(ACME, name="Acme Ltd"), actor="cli:bob")
    await apply(database, ACME, BOLT, actor="cli:eve")
    async with database.reading() as session:
        rows = await session.execute(select(AuditRow).order_by(AuditRow.subject, AuditRow.at))
        entries = [(row.actor, row.action, row.subject, row.details["changes"]) for row in rows.scalars()]
    assert [entry[:3] for entry in entries] == [
        ("cli:ann", "tenant.created", "acme"),
        ("cli:bob", "tenant.updated", "acme"),
        ("cli:eve", "tenant.updated", "acme"),
        ("cli:ann", "tenant.created", "bolt"),
        ("cli:bob", "tenant.suspended", "bolt"),
        ("cli:eve", "tenant.resumed", "bolt"),
    ]
    assert entries[0][3]["number"] == {"before": None, "after": 1}
    assert entries[1][3] == {"name": {"before": "Acme", "after": "Acme Ltd"}}
    assert entries[4][3] == {"status": {"before": "active", "after": "suspended"}}


async def test_a_deleted_tenant_leaves_no_row_and_its_neighbour_all(database):
    acme, bolt = await apply(database, ACME, BOLT)
    async with database.writing() as session:
        await session.execute(insert(OTHER).values([{"tenant_id": one.id, "n": 1} for one in (acme, bolt)]))
        audit.record(session, acme.id, actor="t", action="x", subject="y")
    async with database.writing() as session:
        await delete_tenant(session, "acme", [OTHER])
    async with database.reading() as session:
        assert await load_definitions(session) == [bolt]
        assert (await session.scalars(select(OTHER.c.tenant_id))).all() == [bolt.id]
        assert set((await session.scalars(select(AuditRow.tenant_id))).all()) == {bolt.id}
        assert await current_revision(session) == 2


async def test_a_delete_that_fails_deletes_nothing(database):
    await apply(database, ACME)
    missing = Table("not_there", MetaData(), Column("tenant_id", Uuid()))
    with pytest.raises(Exception, match="not_there"):
        async with database.writing() as session:
            await delete_tenant(session, "acme", [OTHER, missing])
    async with database.reading() as session:
        assert (await find_definition(session, "acme")).name == "Acme"


async def test_a_tenant_that_is_not_there_is_named(database):
    async with database.reading() as session:
        with pytest.raises(TenantNotFoundError, match="nobody"):
            await find_definition(session, "nobody")
    with pytest.raises(TenantNotFoundError, match="nobody"):
        async with database.writing() as session:
            await delete_tenant(session, "nobody", [])


async def test_an_id_of_the_file_becomes_the_tenants_id(database):
    [stored] = await apply(database, replace(ACME, id=UUID(int=7)))
    assert stored.id == UUID(int=7)
