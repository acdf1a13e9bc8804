"""`frontage intake`, on both databases: what was refused, parked, left in a spool or miscounted is told and mended."""

import asyncio
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import sqlalchemy as sa
from shelf import open_shelf

from frontage.base.database import Database
from frontage.base.ids import from_short
from frontage.intake.intake import Intake
from frontage.intake.limits import Limits
from frontage.intake.stream import bind

STREAM = "kitchen-sink.tastes"
ROWS, COUNTS = "kitchen_sink_tastes", "kitchen_sink_taste_count"
KIRITIMATI = 'timezone = "Pacific/Kiritimati"'
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
"""In Kiritimati it is two in the morning of the next day."""

KILLED = """
import asyncio, sys
from datetime import datetime
from pathlib import Path
from uuid import UUID
from frontage.base.database import Database
from frontage.base.logs import configure_logs
from frontage.intake.intake import Intake
from frontage.intake.stream import bind
from frontage_kitchen_sink.streams import Taste, streams

configure_logs()

async def main(url, folder, tenant, dish, occurred):
    intake = Intake(Database(url), Path(folder), bind("kitchen-sink", streams), worker="0")
    await intake.start()
    for _ in range(3):
        await intake.accept(Taste(dish=dish, occurred=datetime.fromisoformat(occurred)), tenant=UUID(tenant))
    print("acknowledged", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def kitchen(tmp_path_factory):
    """The kitchen sink's streams."""
    with open_shelf(tmp_path_factory.mktemp("shelf")) as shelf:
        shelf.put_kitchen_sink()
        yield import_module("frontage_kitchen_sink.streams")


@pytest.fixture(scope="module")
def acme(desk):
    """The id of a tenant whose days are not those of UTC."""
    desk.write(acme=f'name = "Acme"\nnumber = 1\n{KIRITIMATI}\n[plugins.kitchen-sink]\n')
    desk("tenants", "apply", "--allow-suspend")
    return from_short(next(one["id"] for one in desk("tenants", "list", "--json").json if one["slug"] == "acme"))


def on(desk, work):
    """Run `await work(database)` on the desk's database."""

    async def run():
        database = Database(desk.url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def tell(desk, statement, **values):
    async def work(database):
        async with database.writing() as session:
            await session.execute(sa.text(statement), values)

    on(desk, work)


def ask(desk, statement, **values):
    async def work(database):
        async with database.reading() as session:
            return [tuple(row) for row in await session.execute(sa.text(statement), values)]

    return on(desk, work)


def stored(desk, dish):
    return ask(desk, f"select count(*) from {ROWS} where dish = :dish", dish=dish)[0][0]


def told(desk, dish):
    """Days and counts of a dish."""
    return [
        (str(day), tastes)
        for day, tastes in ask(desk, f"select day, tastes from {COUNTS} where dish = :dish", dish=dish)
    ]


def accept(desk, kitchen, tenant, *dishes):
    """Accept tastes as a worker does, that counts and stops."""

    async def work(database):
        streams, limits = bind("kitchen-sink", kitchen.streams), Limits(rollup_attempts=1, budget_seconds=5.0)
        zone = ZoneInfo("Pacific/Kiritimati")
        intake = Intake(database, desk.var, streams, worker="0", limits=limits, zone_of=lambda _tenant: zone)
        await intake.start()
        await intake.accept([kitchen.Taste(dish=dish, occurred=NOON) for dish in dishes], tenant=tenant)
        await intake.stop()

    on(desk, work)


@contextmanager
def refusing(desk, table, dish):
    """While the block runs, the database refuses this dish in a table."""
    made = f"alter table {table} add constraint no_dish check (dish <> '{dish}') not valid"
    mended = f"alter table {table} drop constraint no_dish"
    if desk.url.startswith("sqlite"):
        when = f"create trigger no_dish before insert on {table} when new.dish = '{dish}'"
        made, mended = f"{when} begin select raise(abort, 'no_dish'); end", "drop trigger no_dish"
    tell(desk, made)
    try:
        yield
    finally:
        tell(desk, mended)


@asynccontextmanager
async def locked(desk):
    """While the block runs, nobody can write tastes."""
    if desk.url.startswith("sqlite"):
        other = sqlite3.connect(desk.url.partition("///")[2], isolation_level=None, timeout=10)
        other.execute("begin immediate")
        try:
            yield
        finally:
            other.close()
        return
    connection = await asyncpg.connect(desk.url.replace("+asyncpg", ""))
    try:
        await connection.execute(f"begin; lock table {ROWS} in access exclusive mode")
        yield
    finally:
        await connection.close()


def path_of(desk):
    return os.pathsep.join([*desk.path, *filter(None, [os.environ.get("PYTHONPATH")])])


def leave_a_spool(desk, tenant, dish):
    """Three tastes that a worker has acknowledged while the database was busy, before it was killed."""

    async def work():
        words = [sys.executable, "-c", KILLED, desk.url, desk.var, str(tenant), dish, NOON.isoformat()]
        environment = os.environ | {"PYTHONPATH": path_of(desk)}
        async with locked(desk):
            worker = await asyncio.create_subprocess_exec(*words, env=environment, stdout=subprocess.PIPE)
            assert await worker.stdout.readline() == b"acknowledged\n"
            worker.kill()
            await worker.wait()

    asyncio.run(work())


def standing(desk):
    return next(one for one in desk("intake", "status", "--json").json if one["stream"] == STREAM)


def test_a_refused_event_is_listed_with_its_reason_and_stored_once_its_cause_is_mended(desk, kitchen, acme):
    """Its neighbour is stored at once; a retry before the mending changes nothing."""
    with refusing(desk, ROWS, "Sour soup"):
        accept(desk, kitchen, acme, "Sour soup", "Good soup")
        assert stored(desk, "Good soup") == 1
        assert standing(desk)["dead"] == 1
        (letter,) = desk("intake", "dead", "list", "--json").json
        assert (letter["stream"], from_short(letter["tenant"])) == (STREAM, acme)
        assert "no_dish" in letter["reason"]
        assert "Sour soup" in letter["payload"]
        assert "no_dish" in desk("intake", "dead", "list", "--stream", STREAM).out
        assert desk("intake", "dead", "retry").out == "0 stored, 1 still refused.\n"
        assert stored(desk, "Sour soup") == 0
    result = desk("intake", "dead", "retry", "--stream", STREAM)
    assert (result.out, result.err) == ("1 stored, 0 still refused.\n", "")
    assert stored(desk, "Sour soup") == 1
    assert desk("intake", "dead", "list", "--json").json == []
    assert standing(desk)["uncounted"] == 1
    desk("intake", "drain")
    assert told(desk, "Sour soup") == [("2026-03-02", 1)]


def test_a_batch_whose_rollup_raises_is_listed_and_counted_once_its_cause_is_mended(desk, kitchen, acme):
    """Its rows are stored all the time; after the retry nothing is parked and every count is right."""
    with refusing(desk, COUNTS, "Odd stew"):
        accept(desk, kitchen, acme, "Odd stew")
        assert (stored(desk, "Odd stew"), told(desk, "Odd stew")) == (1, [])
        assert standing(desk)["parked"] == 1
        (batch,) = desk("intake", "parked", "list", "--json").json
        assert (batch["stream"], batch["events"]) == (STREAM, 1)
        assert "no_dish" in batch["reason"]
        assert "no_dish" in desk("intake", "parked", "list", "--stream", STREAM).out
    desk("intake", "drain")
    assert told(desk, "Odd stew") == [], "it waits for the operator's word"
    assert desk("intake", "parked", "retry").out == "1 batches wait to be counted again.\n"
    assert desk("intake", "drain").out == "0 events replayed.\n"
    assert told(desk, "Odd stew") == [("2026-03-02", 1)]
    assert standing(desk)["parked"] == 0
    assert desk("intake", "parked", "list", "--json").json == []


def test_what_a_killed_worker_has_left_is_drained_and_counted(desk, kitchen, acme):
    """It is stored, and counted on the tenant's own day; afterwards no spool is left."""
    leave_a_spool(desk, acme, "Late roast")
    assert standing(desk)["spooled"] == 3
    assert stored(desk, "Late roast") == 0
    result = desk("intake", "drain")
    assert result.out == "3 events replayed.\n"
    assert [line for line in result.err.splitlines() if not line.startswith("{")] == [], "no bar without a terminal"
    assert stored(desk, "Late roast") == 3
    assert told(desk, "Late roast") == [("2026-03-02", 3)]
    assert standing(desk)["spooled"] == 0
    assert [path.name for path in (desk.var / "spool").iterdir() if path.suffix != ".lock"] == []


ENTRY = "import sys; sys.path[:0] = sys.argv.pop(1).split(':'); from frontage.cli import main; main()"


def test_a_deletion_that_is_killed_half_way_is_ended_by_whoever_serves(desk, kitchen, acme):
    """The tenant is gone at once; of its events neither rows nor counts stay, those of a spool included."""
    shops = {"acme": f'name = "Acme"\nnumber = 1\n{KIRITIMATI}\n[plugins.kitchen-sink]\n'}
    desk.write(**shops, leaving='name = "Leaving"\nnumber = 5\n[plugins.kitchen-sink]\n')
    desk("tenants", "apply")
    listed = desk("tenants", "list", "--json").json
    leaving = from_short(next(one["id"] for one in listed if one["slug"] == "leaving"))
    accept(desk, kitchen, leaving, "farewell")
    leave_a_spool(desk, leaving, "farewell")
    environment = os.environ | desk.environment | {"FRONTAGE_TEST_FAILPOINT": "erase.marked"}
    words = [sys.executable, "-c", ENTRY, ":".join(desk.path), "tenants", "delete", "leaving", "--yes"]
    killed = subprocess.run(words, cwd=desk.folder, env=environment, capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert "leaving" not in {one["slug"] for one in desk("tenants", "list", "--json").json}
    assert stored(desk, "farewell") == 1

    async def serve(database):
        intake = Intake(database, desk.var, bind("kitchen-sink", kitchen.streams), worker="0")
        await intake.start()
        async for _left in intake.draining():
            pass
        await intake.sweep_erased()
        await intake.stop()

    on(desk, serve)
    assert (stored(desk, "farewell"), told(desk, "farewell")) == (0, [])
    assert ask(desk, "select count(*) from intake_outbox") == [(0,)]
    desk.write(**shops)


def test_a_wrong_count_is_found_told_and_mended(desk, kitchen, acme):
    """A recount tells what stands there and what is right, exits with 1, and mends when told to."""
    accept(desk, kitchen, acme, "Dal", "Dal")
    right = desk("intake", "recount", STREAM)
    assert (right.out, right.err) == ("Every count is right.\n", "")
    tell(desk, f"update {COUNTS} set tastes = 40 where dish = 'Dal'")
    found = desk("intake", "recount", STREAM, "--tenant", "acme", code=1).out
    assert "tastes=40" in found
    assert "tastes=2" in found
    assert found.endswith("1 rows differ.\n")
    assert told(desk, "Dal") == [("2026-03-02", 40)]
    assert desk("intake", "recount", STREAM, "--since", "2026-03-03").out == "Every count is right.\n"
    assert desk("intake", "recount", STREAM, "--mend").out.endswith("1 rows mended.\n")
    assert told(desk, "Dal") == [("2026-03-02", 2)]
    assert desk("intake", "recount", STREAM, "--tenant", "1").out == "Every count is right.\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["recount", "kitchen.tastes"], 2, f"kitchen.tastes is no stream; there are: {STREAM}"),
        (["recount", STREAM, "--tenant", "nobody"], 1, "There is no tenant 'nobody'"),
        (["recount", STREAM, "--since", "soon"], 2, "'soon' does not match"),
        (["dead", "list", "--stream", "tastes"], 2, f"tastes is no stream; there are: {STREAM}"),
        (["dead", "retry", "--stream", "tastes"], 2, f"tastes is no stream; there are: {STREAM}"),
        (["parked", "list", "--stream", "tastes"], 2, f"tastes is no stream; there are: {STREAM}"),
        (["parked", "retry", "--stream", "tastes"], 2, f"tastes is no stream; there are: {STREAM}"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_what_is_not_there_is_told_with_what_is(desk, words, code, said):
    """A mistyped stream or tenant is an error, never an empty answer."""
    result = desk("intake", *words, code=code)
    assert said in result.err
    assert result.out == ""


@pytest.mark.parametrize("words", [["status"], ["dead", "list"], ["parked", "list"]], ids=" ".join)
def test_a_first_look_finds_nothing_and_breaks_nothing(fresh_desk, words):
    """Before anything was ever run, the answer is empty."""
    seen = fresh_desk("intake", *words, "--json").json
    nothing = {"uncounted": 0, "parked": 0, "dead": 0, "spooled": 0}
    assert [line for line in seen if line["stream"] == STREAM] == (
        [{"stream": STREAM} | nothing] if words == ["status"] else []
    )
    assert all(line == {"stream": line["stream"]} | nothing for line in seen)


def test_a_bar_is_drawn_at_a_terminal_and_nowhere_else(desk, kitchen, acme):
    """It goes to standard error: what a program reads from standard output stays clean."""
    accept(desk, kitchen, acme, "Bread")
    environment = {**desk.environment, "TERM": "xterm", "PYTHONPATH": path_of(desk)}
    command = [sys.executable, "-c", "from frontage.cli import main; main()", "intake", "recount", STREAM]
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=desk.folder, env=environment, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        assert process.stdout.read() == b"Every count is right.\n"
    drawn = os.read(ours, 65536)
    os.close(ours)
    assert b"tenants" in drawn
    assert b"100%" in drawn
    assert "tenants" not in desk("intake", "recount", STREAM).err
