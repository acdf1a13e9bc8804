"""What a deploy runs, on both databases: check, migrate, apply; and a tenant's end."""

import asyncio
import json
import warnings
from collections import Counter

import pytest
from installed import write_plugin
from shelf import declare
from sqlalchemy import MetaData, Text, Uuid, bindparam, cast, func, select, text
from sqlalchemy.exc import SAWarning

from frontage.base.database import Database
from frontage.base.ids import from_short, new_id

ACME = 'name = "Acme"\nnumber = 1\n[plugins.kitchen-sink]\nseats = 7\n'
BOLT = 'name = "Bolt"\nnumber = 2\n'

COMMANDS = [
    ["audit", "acme"],
    ["check"],
    ["keys", "create", "acme", "--kind", "publishable"],
    ["keys", "list", "acme"],
    ["migrate"],
    ["migrate", "--check"],
    ["plugins", "check"],
    ["plugins", "list"],
    ["plugins", "migrate"],
    ["tenants", "apply"],
    ["tenants", "check"],
    ["tenants", "diff"],
    ["tenants", "list"],
    ["tenants", "show", "acme"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_that_prints_can_print_json(desk, words):
    """Standard output is one JSON value and nothing else."""
    desk(*words, "--json").json  # noqa: B018  # that it is read is the test


def test_the_openapi_document_is_printed_without_a_server(desk):
    """Of everything, or of one plugin alone; an unknown plugin is answered with the installed ones."""
    whole, part = desk("openapi").json, desk("openapi", "--plugin", "kitchen-sink").json
    assert whole["openapi"].startswith("3.1")
    assert "/account/api/v1/whoami" in whole["paths"]
    assert {path.split("/")[1] for path in part["paths"]} == {"kitchen"}
    assert set(part["paths"]) < set(whole["paths"])
    assert "installed: " in desk("openapi", "--plugin", "kitchen", code=1).err


def test_migrating_at_once_migrates_once(empty_desk):
    """Four hosts deploy together: one does the work, the others wait and find it done; then nothing is due."""
    before = empty_desk.environment.get("FRONTAGE_DATABASE_URL")
    if before:
        assert "migrations are due; run frontage migrate" in empty_desk("migrate", "--check", code=1).err
    started = [empty_desk.start("migrate", "--json") for _ in range(4)]
    results = [one.end() for one in started]
    assert [one.code for one in results] == [0] * 4, [one.err for one in results]
    events = [(line["unit"], line["after"]) for one in results for line in one.log if line["event"] == "migrated"]
    assert len(events) == len(set(events)) >= 3
    assert {"core", "kitchen-sink"} <= {unit for unit, _ in events}
    assert empty_desk("migrate", "--check").out == "Everything is at its newest revision.\n"


def test_a_plugin_that_cannot_migrate_fails_the_command_and_nobody_else(empty_desk):
    """The others are migrated, the exit code tells the deploy to stop, and the message names the plugin."""
    revision = 'revision = "0001"\ndown_revision = None\ndef upgrade():\n    raise RuntimeError("no luck")\ndef downgrade(): pass\n'
    files = {"migrations/__init__.py": '"""Revisions."""\n', "migrations/0001_a.py": revision}
    files["models.py"] = "from frontage.plugin import Model\nclass Thing(Model):\n    __tablename__ = 'broken_thing'\n"
    source = declare("broken", models=repr("frontage_broken.models"), migrations=repr("frontage_broken.migrations"))
    write_plugin(empty_desk.site, "broken", source, files=files)
    assert "broken: its migration failed: RuntimeError: no luck" in empty_desk("migrate", code=1).err
    assert "kitchen-sink" not in empty_desk("migrate", code=1).err.rpartition("Error: ")[2]
    stages = {one["slug"]: one["stage"] for one in empty_desk("plugins", "list", "--json").json}
    assert (stages["broken"], stages["kitchen-sink"]) == ("migration-failed", "serving")
    empty_desk("tenants", "apply")
    exported = [json.loads(line) for line in empty_desk("tenants", "export", "acme").out.splitlines()]
    assert {"core_audit", "core_enablement"} == {line["table"] for line in exported[1:]}, "as much as there is"


def test_check_lists_every_mistake_of_every_kind_at_once(fresh_desk):
    """Environment, plugins, tenants and database: one run, one list, exit code 78."""
    write_plugin(fresh_desk.site, "broken", "raise RuntimeError('no luck')")
    fresh_desk.write(
        acme='name = "Acme"\nnumber = "one"\ncolour = 1\n[plugins.broken]\n[plugins.nobody]\n', bolt="number = "
    )
    refused = fresh_desk(
        "check",
        code=78,
        FRONTAGE_DATABASE_URL="postgresql://shop:hidden-word@127.0.0.1:1/shop",
        FRONTAGE_PROCESSES="many",
        FRONTAGE_COLOUR="blue",
    )
    told = refused.err
    for line in (
        "environment: FRONTAGE_SECRET: missing;",
        "environment: FRONTAGE_PROCESSES: 'many';",
        "environment: FRONTAGE_COLOUR: ",
        "plugins: broken: 'import-failed';",
        "tenants/acme.toml: number: 'one';",
        "tenants/acme.toml: colour: ",
        "tenants/acme.toml: plugins.nobody",
        "tenants/bolt.toml: line 1:",
        "environment: FRONTAGE_DATABASE_URL: '…'; expected a PostgreSQL that answers",
    ):
        assert line in told, told
    assert "mistakes in the configuration:" in told
    assert "plugins.broken" not in told, "it is installed, only not in service"
    assert "hidden-word" not in told


READING = [
    ["audit", "acme"],
    ["intake", "dead", "list"],
    ["intake", "dead", "retry"],
    ["intake", "drain"],
    ["intake", "parked", "list"],
    ["intake", "recount", "kitchen-sink.tastes"],
    ["intake", "status"],
    ["keys", "create", "acme", "--kind", "secret"],
    ["keys", "list", "acme"],
    ["keys", "revoke", "csb_12345678"],
    ["kitchen-sink", "shops"],
    ["plugins", "purge", "kitchen-sink", "--yes"],
    ["tenants", "apply"],
    ["tenants", "delete", "acme", "--yes"],
    ["tenants", "diff"],
    ["tenants", "export", "acme"],
    ["tenants", "list"],
    ["tenants", "show", "acme"],
]


def test_on_a_database_that_was_never_migrated_every_command_names_the_fix(unmigrated_desk):
    """A trace would not say it; the embedded database migrates itself."""
    started = [(words, unmigrated_desk.start(*words)) for words in READING]
    ended = [(" ".join(words), one.end()) for words, one in started]
    told = {words: result.err for words, result in ended}
    assert {words for words, err in told.items() if "Traceback" in err or "frontage migrate" not in err} == set(), told
    assert {result.code for _words, result in ended} == {1}


def test_check_is_content_with_what_is_right(fresh_desk):
    """And counts nothing."""
    assert fresh_desk("check").out == "Everything is right.\n"


def test_suspending_many_needs_to_be_meant(empty_desk):
    """One tenant of many may go; all of them, or more than a fifth, only with the option; none is deleted."""
    names = [f"shop-{number}" for number in range(1, 11)]
    files = {name: f'name = "{name}"\nnumber = {number}\n' for number, name in enumerate(names, start=1)}
    if "FRONTAGE_DATABASE_URL" in empty_desk.environment:
        empty_desk("migrate")
    empty_desk.write(**files)
    empty_desk("tenants", "apply")

    def statuses():
        return [one["status"] for one in empty_desk("tenants", "list", "--json").json]

    empty_desk.write(**dict([*files.items()][:7]))
    assert "--allow-suspend" in empty_desk("tenants", "apply", code=78).err
    assert statuses() == ["active"] * 10
    empty_desk.write(**dict([*files.items()][:9]))
    empty_desk("tenants", "apply")
    assert statuses() == ["active"] * 9 + ["suspended"]
    empty_desk.write()
    assert "--allow-suspend" in empty_desk("tenants", "apply", code=78).err
    empty_desk("tenants", "apply", "--allow-suspend")
    assert statuses() == ["suspended"] * 10


async def in_database(desk, work):
    """What `work` gives for a connection to the desk's database."""
    database = Database(desk.url)
    try:
        async with database.engine.begin() as connection:
            return await work(connection)
    finally:
        await database.close()


async def rows_by_table(connection):
    """How many rows each tenant's id has in every table that has a column for it, whoever made the table."""
    tables = MetaData()
    with warnings.catch_warnings():
        # A geography is nothing that SQLAlchemy knows, and nothing that is asked for here.
        warnings.simplefilter("ignore", SAWarning)
        await connection.run_sync(tables.reflect)
    found = {}
    for table in tables.tables.values():
        if "tenant_id" in table.c:
            column = cast(table.c.tenant_id, Text)
            for owner, count in await connection.execute(select(column, func.count()).group_by(column)):
                found.setdefault(owner.replace("-", ""), {})[table.name] = count
    return found


def test_an_export_has_everything_and_a_deletion_leaves_nothing(desk):
    """Keys, audit, settings and a plugin's rows, without digests; afterwards no table has a row of the tenant."""
    desk.write(acme=ACME, bolt=BOLT, gone='name = "Gone"\nnumber = 9\n[plugins.kitchen-sink]\nseats = 3\n')
    desk("tenants", "apply")
    key = desk("keys", "create", "gone", "--kind", "secret", "--name", "till", "--json").json
    tenant_id = from_short(next(one["id"] for one in desk("tenants", "list", "--json").json if one["slug"] == "gone"))

    async def seed(connection):
        for statement in (
            "insert into kitchen_sink_dish (tenant_id, id, name, price) values (:tenant, :id, 'soup', 3)",
            "insert into kitchen_sink_order (tenant_id, id, dish, seats) values (:tenant, :id, 'soup', 1)",
        ):
            bound = text(statement).bindparams(bindparam("tenant", type_=Uuid()), bindparam("id", type_=Uuid()))
            await connection.execute(bound, {"tenant": tenant_id, "id": new_id()})

    asyncio.run(in_database(desk, seed))
    seeded = asyncio.run(in_database(desk, rows_by_table))
    assert set(seeded[tenant_id.hex]) == {
        "core_audit",
        "core_enablement",
        "core_key",
        "kitchen_sink_dish",
        "kitchen_sink_order",
    }

    exported = desk("tenants", "export", "gone").out
    records = [json.loads(line) for line in exported.splitlines()]
    assert records[0]["tenant"]["plugins"]["kitchen-sink"]["settings"] == {"seats": 3}
    rows = Counter(record["table"] for record in records[1:])
    assert rows == seeded[tenant_id.hex]
    (row,) = [record["row"] for record in records[1:] if record["table"] == "core_key"]
    assert (row["id"], row["name"], row["prefix"]) == (key["id"], "till", key["prefix"])
    assert "digest" not in exported
    assert key["key"] not in exported

    assert "--yes" in desk("tenants", "delete", "gone", code=2).err
    desk.write(acme=ACME, bolt=BOLT)
    deleted = desk("tenants", "delete", "gone", "--yes")
    assert [line["tenant"] for line in deleted.log if line["event"] == "tenant.deleted"] == ["gone"]
    left = asyncio.run(in_database(desk, rows_by_table))
    assert left.pop(tenant_id.hex) == {"intake_erased": 1}, "its id stays, so that no late event comes back"
    assert left == {owner: tables for owner, tables in seeded.items() if owner != tenant_id.hex}
    assert "There is no tenant" in desk("tenants", "export", "gone", code=1).err
