"""Every plugin migrates alone: up and down, beside others that fail, on many hosts at once, and out again."""

import asyncio
import json

import asyncpg
import pytest
from shelf import declare, package_of
from sqlalchemy import select, text

from frontage.base.database import Database
from frontage.host.errors import PluginError, Stage
from frontage.host.loading import load_parts, load_roster
from frontage.host.migrating import (
    MissingExtensionError,
    current_revision,
    differences,
    downgrade,
    floor_units,
    migrate,
    pending,
    plugin_unit,
    stop_unmigrated,
    tables_of,
)
from frontage.host.purging import purge, purgeable_tables
from frontage.host.roster import Roster
from frontage.tenants.models import EnablementRow, PluginRow
from frontage.testing.postgres import execute

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}
branch_labels = None
depends_on = None


def upgrade():
{up}


def downgrade():
{back}
"""


def revision(number, up, back="    pass", down=None):
    return REVISION.format(revision=number, down=down, up=up, back=back)


def making(table):
    return f"    op.create_table({table!r}, sa.Column('id', sa.Integer(), primary_key=True))"


def dropping(table):
    return f"    op.drop_table({table!r})"


def put_with_tables(shelf, slug, **revisions):
    files = {f"migrations/r{number}.py": source for number, source in revisions.items()}
    words = {"migrations": repr(f"{package_of(slug)}.migrations")}
    return shelf.put(slug, declare(slug, **words), files={"migrations/__init__.py": "", **files})


def put_small(shelf, slug="small"):
    table = f"{slug}_thing"
    return put_with_tables(shelf, slug, a=revision("a", making(table), dropping(table)))


def load(shelf, *slugs):
    roster = load_roster(shelf.find(*slugs))
    load_parts(roster)
    assert [one.slug for one in roster.serving] == sorted(slugs), [one.reason for one in roster.stopped]
    return roster


def unit_of(roster, slug):
    return plugin_unit(roster.find(slug))


@pytest.fixture
async def database(database_url):
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def sink(shelf):
    shelf.put_kitchen_sink()
    return load(shelf, "kitchen-sink")


async def test_the_tables_of_the_domain_equal_their_models(database):
    core, _ = floor_units()
    await migrate(database, Roster([]))
    assert await differences(database, core) == []


async def test_a_plugin_goes_up_down_and_up_again_and_equals_its_models(database, sink):
    unit = unit_of(sink, "kitchen-sink")
    await migrate(database, sink)
    assert await differences(database, unit) == []
    await downgrade(database, unit)
    assert await tables_of(database, "kitchen_sink_") == []
    assert await differences(database, unit) != [], "its tables are missing now"
    await migrate(database, sink)
    assert await differences(database, unit) == []
    assert {"kitchen_sink_dish", "kitchen_sink_order"} <= {*await tables_of(database, "kitchen_sink_")}


async def test_every_single_step_can_be_taken_back(database, sink):
    unit = unit_of(sink, "kitchen-sink")
    await migrate(database, sink)
    await downgrade(database, unit, "0001")
    assert await current_revision(database, unit) == "0001"
    found = await differences(database, unit)
    assert "seats" in str(found)
    assert await migrate(database, sink) == [f"kitchen-sink: 0001 → {unit.head}"]
    assert await differences(database, unit) == []


async def test_what_one_engine_computes_for_itself_is_no_difference(database, sink):
    """A generated column and its index are the database's own; any other column that the models lack is told."""
    await migrate(database, sink)
    async with database.engine.begin() as connection:
        kind = "" if database.dialect == "sqlite" else "stored"
        add = "alter table kitchen_sink_dish add column"
        await connection.execute(text(f"{add} doubled integer generated always as (price * 2) {kind}"))
        await connection.execute(text("create index ix_doubled on kitchen_sink_dish (tenant_id, doubled)"))
    assert await differences(database, unit_of(sink, "kitchen-sink")) == []
    async with database.engine.begin() as connection:
        await connection.execute(text(f"{add} forgotten integer"))
    assert "forgotten" in str(await differences(database, unit_of(sink, "kitchen-sink")))


async def test_a_second_migration_finds_nothing_to_do(database, sink):
    assert [line.partition(":")[0] for line in await migrate(database, sink)] == ["core", "intake", "kitchen-sink"]
    assert await migrate(database, sink) == []


async def test_plugins_have_histories_of_their_own(database, shelf, sink):
    """The same revision ids in two plugins mean nothing, and neither knows the other's version table."""
    put_with_tables(shelf, "small", a=revision("0001", making("small_thing"), dropping("small_thing")))
    both = load(shelf, "kitchen-sink", "small")
    await migrate(database, both)
    await downgrade(database, unit_of(both, "small"))
    unit = unit_of(both, "kitchen-sink")
    assert await current_revision(database, unit) == unit.head
    assert await differences(database, unit) == []


HALF = making("bad_first") + "\n    op.execute('insert into bad_first values (1)')\n"
FAILING = [
    pytest.param({"a": revision("a", "    raise RuntimeError('not today')")}, "RuntimeError: not today", id="at once"),
    pytest.param({"a": revision("a", "    raise RuntimeError")}, "RuntimeError", id="without a word"),
    pytest.param({"a": revision("a", "    raise SystemExit(3)")}, "SystemExit: 3", id="by exit"),
    pytest.param({"a": revision("a", HALF + "    raise RuntimeError('no')")}, "RuntimeError: no", id="half-way"),
    pytest.param(
        {"a": revision("a", HALF + "    op.execute('select nonsense')")}, "nonsense", id="by a wrong statement"
    ),
    pytest.param(
        {"a": revision("a", HALF), "b": revision("b", "    raise RuntimeError('no')", down="a")},
        "RuntimeError: no",
        id="in the second revision",
    ),
]


@pytest.mark.parametrize(("revisions", "reason"), FAILING)
async def test_of_a_migration_that_fails_nothing_stays_and_its_neighbours_go_on(database, shelf, revisions, reason):
    put_with_tables(shelf, "bad", **revisions)
    put_small(shelf, "zebra")
    roster = load(shelf, "bad", "zebra")
    await migrate(database, roster)
    bad = roster.find("bad")
    assert bad.stage is Stage.MIGRATION_FAILED
    assert reason in bad.reason
    assert await tables_of(database, "bad_") == []
    assert await tables_of(database, "alembic_version_bad") == []
    assert await tables_of(database, "zebra_") == ["zebra_thing"]
    assert [one.slug for one in roster.serving] == ["zebra"]


async def test_a_failed_migration_succeeds_once_it_is_mended(database, shelf):
    put_with_tables(shelf, "bad", a=revision("a", HALF + "    raise RuntimeError"))
    await migrate(database, load(shelf, "bad"))
    put_with_tables(shelf, "bad", a=revision("a", HALF))
    assert await migrate(database, load(shelf, "bad")) == ["bad: nothing → a"]


@pytest.mark.parametrize(
    ("revisions", "reason"),
    [
        pytest.param({"a": "this is no Python"}, "SyntaxError", id="no Python"),
        pytest.param({"a": revision("a", "    pass") + "raise SystemExit(1)"}, "SystemExit", id="exits"),
        pytest.param(
            {"b": revision("b", "    pass", down="a")}, "Revision a referenced from a -> b", id="a gap in the history"
        ),
        pytest.param(
            {"a": revision("a", "    pass"), "b": revision("b", "    pass")}, "multiple heads", id="two heads"
        ),
        pytest.param({}, "there is no revision", id="nothing"),
    ],
)
async def test_revisions_that_cannot_be_read_stop_their_plugin_alone(database, shelf, revisions, reason):
    put_with_tables(shelf, "bad", **revisions)
    put_small(shelf)
    await migrate(database, load(shelf, "small"))
    roster = load(shelf, "bad", "small")
    await stop_unmigrated(database, roster)
    bad = roster.find("bad")
    assert bad.stage is Stage.MIGRATION_FAILED
    assert reason in bad.reason
    assert [one.slug for one in roster.serving] == ["small"]


async def test_a_plugin_whose_tables_are_behind_does_not_serve(database, shelf):
    put_small(shelf)
    await migrate(database, load(shelf, "small"))
    put_with_tables(
        shelf, "small", a=revision("a", making("small_thing")), b=revision("b", making("small_more"), down="a")
    )
    roster = load(shelf, "small")
    await stop_unmigrated(database, roster)
    assert roster.find("small").reason == ("its tables are behind (small: at a, needs b); run frontage migrate")
    assert await migrate(database, load(shelf, "small")) == ["small: a → b"]
    assert await pending(database, [unit_of(roster, "small")]) == []


async def test_what_is_uninstalled_does_not_disturb_the_others(database, shelf, monkeypatch):
    """The tables of a plugin whose package is gone stay as they are, and nobody stumbles over them."""
    put_small(shelf, "gone")
    put_small(shelf, "stays")
    await migrate(database, load(shelf, "gone", "stays"))
    put_with_tables(
        shelf,
        "stays",
        a=revision("a", making("stays_thing"), dropping("stays_thing")),
        b=revision("b", making("stays_more"), dropping("stays_more"), down="a"),
    )
    left = load(shelf, "stays")
    assert await migrate(database, left) == ["stays: a → b"]
    await downgrade(database, unit_of(left, "stays"))
    assert await migrate(database, left) == ["stays: nothing → b"]
    assert await tables_of(database, "gone_") == ["gone_thing"]
    back = load(shelf, "gone", "stays")
    assert await migrate(database, back) == []


async def test_a_purge_leaves_nothing_of_a_plugin_and_everything_of_the_others(database, shelf, sink):
    put_small(shelf)
    both = load(shelf, "kitchen-sink", "small")
    await migrate(database, both)
    async with database.writing() as session:
        tenant = text(
            "insert into core_tenant (id, slug, number, name, timezone, currency, status, privacy_signals, policies,"
            " revision, created_at) values ('00000000000000000000000000000001', 'acme', 1, 'A', 'UTC', 'HNL', 'active',"
            " 'anonymise', '{}', 1, '2026-01-01')"
        )
        await session.execute(tenant)
        tenant_id = (await session.execute(text("select id from core_tenant"))).scalar_one()
        for slug in ("kitchen-sink", "small"):
            session.add(PluginRow(slug=slug, version="1", paths=[f"/{slug}"]))
            await session.execute(
                text("insert into core_enablement values (:tenant, :slug, '{}', 1)"),
                {"tenant": tenant_id, "slug": slug},
            )
    entry = both.find("kitchen-sink")
    assert {"kitchen_sink_dish", "kitchen_sink_order"} <= {*await purgeable_tables(database, entry)}
    await purge(database, entry)
    assert await tables_of(database, "kitchen_sink") == []
    assert await tables_of(database, "alembic_version_kitchen_sink") == []
    assert await tables_of(database, "small") == ["small_thing"]
    async with database.reading() as session:
        assert set(await session.scalars(select(PluginRow.slug))) == {"small"}
        assert set(await session.scalars(select(EnablementRow.plugin))) == {"small"}
    assert await migrate(database, both) == [f"kitchen-sink: nothing → {plugin_unit(entry).head}"]


async def test_a_plugin_without_tables_can_be_purged_too(database, shelf):
    shelf.put("plain")
    roster = load(shelf, "plain")
    await migrate(database, roster)
    async with database.writing() as session:
        session.add(PluginRow(slug="plain", version="1", paths=["/plain"]))
    assert await purgeable_tables(database, roster.find("plain")) == []
    await purge(database, roster.find("plain"))
    async with database.reading() as session:
        assert (await session.scalars(select(PluginRow))).all() == []


async def test_a_plugin_that_cannot_be_read_is_not_purged_blindly(database, shelf):
    shelf.put("lost", "raise RuntimeError('away')\n")
    roster = load_roster(shelf.find("lost"))
    with pytest.raises(PluginError, match=r"lost cannot be read .*away.*mend it first"):
        await purgeable_tables(database, roster.find("lost"))


async def test_four_processes_that_migrate_at_once_do_it_once(database_url, shelf, sink, tmp_path):
    put_small(shelf)
    environment = shelf.environment(tmp_path, None if database_url.startswith("sqlite") else database_url)
    processes = [shelf.begin(environment, "migrate", "--json") for _ in range(4)]
    told = [process.communicate(timeout=60)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0], told
    lines = [json.loads(line) for text in told for line in text.splitlines()]
    migrated = sorted(line["unit"] for line in lines if line["event"] == "migrated")
    assert migrated == sorted({"core", "intake", "kitchen-sink", "small", *migrated})
    database = Database(database_url)
    roster = load(shelf, "kitchen-sink", "small")
    assert await pending(database, [*floor_units(), *map(plugin_unit, roster)]) == []
    assert await differences(database, unit_of(roster, "kitchen-sink")) == []
    await database.close()


@pytest.fixture
def plain_role(postgres_server, postgres_url):
    """The URL of a database whose owner may not create extensions, and that of a superuser on it."""
    name = postgres_url.rpartition("/")[2]
    role = f"{name}_owner"
    execute(postgres_server.url, f"create role {role} login password 'x'", f'alter database "{name}" owner to {role}')
    superuser = postgres_server.url_of(name)
    execute(superuser, f"alter schema public owner to {role}")
    place = superuser.rpartition("@")[2]
    yield f"postgresql+asyncpg://{role}:x@{place}", superuser
    execute(superuser, f"reassign owned by {role} to current_user", f"drop owned by {role}")
    execute(postgres_server.url, f'alter database "{name}" owner to current_user', f"drop role {role}")


async def test_extensions_made_by_a_superuser_before_are_enough(plain_role, sink):
    url, _ = plain_role
    database = Database(url)
    await migrate(database, sink)
    assert [one.slug for one in sink.serving] == ["kitchen-sink"]
    await database.close()


async def test_an_extension_that_an_owner_may_create_is_created(plain_role, sink):
    url, superuser = plain_role
    execute(superuser, "drop extension btree_gist")
    database = Database(url)
    await migrate(database, sink)
    async with database.reading() as session:
        assert "btree_gist" in set(await session.scalars(text("select extname from pg_extension")))
    await database.close()


async def test_a_missing_extension_is_named_with_what_a_superuser_has_to_do(plain_role, sink):
    url, superuser = plain_role
    execute(superuser, "drop extension postgis")
    database = Database(url)
    with pytest.raises(MissingExtensionError, match=r"no extension postgis .*permission denied") as caught:
        await migrate(database, sink)
    assert caught.value.detail.endswith("Let a superuser run once: create extension postgis;")
    assert await tables_of(database, "core_") == [], "nothing is begun that could not be ended"
    await database.close()


class Reader:
    """Requests of an older version on a table, while it is migrated."""

    def __init__(self, url, table):
        self.url, self.table = url.replace("+asyncpg", ""), table
        self.answers = 0
        self.refusals = []

    async def __aenter__(self):
        self.connection = await asyncpg.connect(self.url)
        # The database itself sees to it that none waits for a lock longer than a second.
        await self.connection.execute("set lock_timeout = '1s'")
        self.task = asyncio.create_task(self._read())
        return self

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.connection.close()

    async def _read(self):
        while True:
            try:
                await self.connection.fetch(f"select id from {self.table}")
                self.answers += 1
            except asyncpg.PostgresError as error:
                self.refusals.append(error)
            await asyncio.sleep(0.005)


async def until_seen(look):
    while not await look():  # noqa: ASYNC110 - what happens in the database sets no event
        await asyncio.sleep(0.005)


async def look(connection, statement, expected):
    return bool(await connection.fetch(statement)) is expected


async def answered(reader, before):
    return reader.answers > before


async def test_a_migration_that_meets_a_table_in_use_holds_nobody_up(postgres_url, shelf):
    """It lets go after half a second and comes again; meanwhile requests of the old code never wait for a second."""
    database, table = Database(postgres_url), "small_thing"
    steps = {"a": revision("a", making(table), dropping(table))}
    put_with_tables(shelf, "small", **steps)
    await migrate(database, load(shelf, "small"))
    column = f"    op.add_column({table!r}, sa.Column('extra', sa.Integer()))"
    put_with_tables(shelf, "small", **steps, b=revision("b", column, down="a"))
    roster = load(shelf, "small")
    long = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
    async with Reader(postgres_url, table) as reader:
        await long.execute(f"begin; select * from {table}")
        migrating = asyncio.create_task(migrate(database, roster))
        waiting = f"select 1 from pg_locks where not granted and relation = '{table}'::regclass"
        watch = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
        for waits in (True, False, True, False):
            await until_seen(lambda waits=waits: look(watch, waiting, waits))
        assert not migrating.done()
        before = reader.answers
        await long.execute("commit")
        assert await migrating == ["small: a → b"]
        await until_seen(lambda: answered(reader, before))
        assert reader.refusals == []
    for connection in (long, watch):
        await connection.close()
    await database.close()


async def test_hosts_that_start_at_once_on_an_empty_database_migrate_it_once(postgres_url, sink):
    """Each step is done by exactly one of them, and all of them find the newest revision."""
    databases = [Database(postgres_url) for _ in range(4)]
    done = await asyncio.gather(*(migrate(database, sink) for database in databases))
    lines = [line.partition(":")[0] for one in done for line in one]
    assert sorted(lines) == ["core", "intake", "kitchen-sink"]
    assert await pending(databases[0], [*floor_units(), unit_of(sink, "kitchen-sink")]) == []
    for database in databases:
        await database.close()


async def test_old_code_serves_on_the_tables_of_a_newer_version(database, shelf):
    """While hosts are replaced one after the other, and after a rollback: nothing is due, and nothing is undone."""
    steps = {"a": revision("a", making("small_thing"), dropping("small_thing"))}
    put_with_tables(shelf, "small", **steps, b=revision("b", making("small_more"), dropping("small_more"), down="a"))
    await migrate(database, load(shelf, "small"))
    (shelf.folder / package_of("small") / "migrations" / "rb.py").unlink()
    old = load(shelf, "small")
    assert unit_of(old, "small").head == "a"
    await stop_unmigrated(database, old)
    assert old.find("small").serves
    assert await pending(database, [unit_of(old, "small")]) == []
    assert await migrate(database, old) == []
    assert await tables_of(database, "small_more") == ["small_more"]
