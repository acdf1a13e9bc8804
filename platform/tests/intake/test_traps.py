"""Each trap that a prototype fell into, forced: not a race that may or may not happen, but the bad moment itself."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from frontage.base.database import Database
from frontage.base.ids import new_id
from frontage.intake import queries
from frontage.intake.backends import PostgresBackend, backend_for
from frontage.intake.batch import Batch, pack, sorted_once
from frontage.intake.errors import StoreAwayError
from frontage.intake.limits import Limits
from frontage.intake.parked import parked_rows, release
from frontage.intake.postgres_rolls import lock_number
from frontage.intake.rows import event_columns
from frontage.intake.stream import BoundStream, Stream, rule

from .asking import ask, bound, counted, counts_of, rows_of, tell, until
from .conftest import make_tables
from .streams import Stamp, StampCount, View, ViewDay, ViewVisitor


def batch_of(*events):
    return Batch(list(events), [pack(event) for event in events])


def utc(_tenant):
    return UTC


@pytest.fixture
async def postgres(postgres_url):
    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(make_tables)
    yield database
    await database.close()


@asynccontextmanager
async def connected(database):
    url = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "card", ["good", "nul \x00 in text", "lone \ud800 surrogate"], ids=["stored", "refused", "unencodable"]
)
async def test_an_idle_worker_holds_no_lock(postgres, start_intake, tenant, card):
    # A prepared statement, or one whose values could not be sent, would leave a transaction open with its locks.
    intake = await start_intake(postgres)
    for _ in range(8):
        await intake.accept(Stamp(card=card), tenant=tenant)
    await counted(postgres)
    async with connected(postgres) as other:
        await other.execute("set lock_timeout = '5s'")
        await other.execute("truncate loyalty_stamps_stamps, intake_outbox, intake_dead_letter")


async def test_two_workers_with_the_same_rows_in_opposite_order_do_not_deadlock(postgres, tenant):
    backend = PostgresBackend(postgres, utc)
    sinks = [backend.sink(bound("stamps"), patient=True) for _ in range(2)]
    for _ in range(20):
        events = [Stamp(card="a", tenant=tenant) for _ in range(100)]
        outcomes = await asyncio.gather(sinks[0].store(batch_of(*events)), sinks[1].store(batch_of(*reversed(events))))
        assert sum(outcome.stored for outcome in outcomes) == 100
        assert sum(outcome.duplicate for outcome in outcomes) == 100
    for sink in sinks:
        await sink.close()


def test_rows_are_written_in_one_order_and_once(tenant):
    events = [Stamp(card=str(n), tenant=owner) for n in range(5) for owner in (tenant, new_id())]
    mixed = [*reversed(events), *events[3:6]]
    first, second = sorted_once(batch_of(*events)), sorted_once(batch_of(*mixed))
    assert [event.id for event in first.events] == [event.id for event in second.events]
    assert [pack(event) for event in second.events] == second.packed
    assert len(first.events) == len(events)


def test_rows_that_come_in_order_stay_as_they_are_unless_one_is_there_twice(tenant):
    """Ids of the server's own making grow, so that most batches need no sorting; a repeat still goes."""
    batch = batch_of(*(Stamp(card="a", tenant=tenant) for _ in range(5)))
    assert sorted_once(batch) is batch
    repeated = batch_of(*batch.events[:3], *batch.events[2:])
    assert [event.id for event in sorted_once(repeated).events] == [event.id for event in batch.events]


async def test_two_rollups_never_see_the_same_visitor_as_new(postgres, tenant):
    """One rollup stands between reading the visitors and writing them; the other must not begin."""
    reading, go_on = asyncio.Event(), asyncio.Event()

    @rule(ViewVisitor, ViewDay)
    async def slowly(rows, tables):
        await tables.fetch(ViewVisitor, [(row.tenant, row.visitor) for row in rows])
        reading.set()
        await go_on.wait()
        await tables.see(
            [(row.tenant, row.visitor, tables.day(row.tenant, row.received)) for row in rows], ViewVisitor, ViewDay
        )

    views = bound("views")
    slow = BoundStream(views.prefix, Stream("views", row=View, rollup=slowly), views.label)
    backend = PostgresBackend(postgres, utc)
    sink, first, second = backend.sink(slow), backend.rolls(slow), backend.rolls(views)
    await sink.store(batch_of(View(visitor="v", tenant=tenant)))
    busy = asyncio.create_task(first.roll(events=100, rows=1))
    await reading.wait()
    await sink.store(batch_of(View(visitor="v", tenant=tenant)))
    assert await second.roll(events=100, rows=10) is None
    go_on.set()
    assert (await busy).events == 1
    assert (await second.roll(events=100, rows=10)).events == 1
    assert [row["visitors"] for row in await counts_of(postgres, "views", ViewDay)] == [1]
    for part in (sink, first, second):
        await part.close()


async def test_the_second_rollup_sees_what_the_first_has_done(postgres, tenant):
    # The lock is a statement of its own: a snapshot taken with it would be older than the first one's commit.
    async with connected(postgres) as one, connected(postgres) as two:
        assert await one.fetchval("select pg_try_advisory_lock(1)")
        await two.execute("begin")
        assert not await two.fetchval(queries.TAKE_LOCK, 1)
        await one.execute("insert into intake_batch (stream, id, at) values ('s', gen_random_uuid(), 0)")
        await one.execute("select pg_advisory_unlock(1)")
        assert await two.fetchval(queries.TAKE_LOCK, 1)
        assert await two.fetchval("select count(*) from intake_batch") == 1


async def test_the_last_count_waits_for_the_pass_that_the_stop_cut_off(postgres, start_intake, tenant):
    # The database goes on holding the lock of a lost connection until it has seen its end.
    limits = Limits(rollup_pause_seconds=0.2, budget_seconds=2.0)
    async with connected(postgres) as cut_off:
        assert await cut_off.fetchval("select pg_try_advisory_lock($1)", lock_number(bound("stamps").label))
        intake = await start_intake(postgres, limits=limits)
        await intake.accept(Stamp(card="a"), tenant=tenant)
        stop = asyncio.create_task(intake.stop())
        await asyncio.wait([stop], timeout=0.5)
        assert not await counts_of(postgres, "stamps", StampCount)
    await stop
    assert [row["stamps"] for row in await counts_of(postgres, "stamps", StampCount)] == [1]


async def test_copy_that_meets_a_repeat_falls_back_and_comes_back(postgres, tenant):
    sink = PostgresBackend(postgres, utc).sink(bound("stamps"), patient=True)
    events = [Stamp(card="a", tenant=tenant) for _ in range(400)]
    assert (await sink.store(batch_of(*events[:300]))).stored == 300
    assert sink._copy_again_at == 0
    outcome = await sink.store(batch_of(*events))
    assert (outcome.stored, outcome.duplicate) == (100, 300)
    assert sink._copy_again_at > asyncio.get_running_loop().time()
    (box,) = await ask(postgres, "select size, fresh from intake_outbox order by id desc limit 1")
    assert box["size"] == 100 == len(set(box["fresh"]))
    await sink.close()


async def test_a_transaction_that_is_undone_leaves_neither_rows_nor_counts(database, tenant):
    """The outbox row and the rows live and die together."""
    await tell(database, "alter table intake_outbox rename to away")
    sink = backend_for(database, utc, Limits()).sink(bound("stamps"))
    for size in (1, 300):
        with pytest.raises(StoreAwayError):
            await sink.store(batch_of(*(Stamp(card="a", tenant=tenant) for _ in range(size))))
    assert not await rows_of(database, "stamps")
    await sink.close()


async def test_a_rollup_that_raises_is_parked_and_everything_else_goes_on(database, start_intake, tenant):
    broken = []

    @rule(StampCount)
    async def picky(rows, tables):
        if any(row.card == "bad" for row in rows):
            broken.append(rows)
            raise ZeroDivisionError("a mistake in a plugin")
        await tables.add(
            [
                StampCount(tenant=row.tenant, day=tables.day(row.tenant, row.occurred), card=row.card, stamps=1)
                for row in rows
            ]
        )

    stamps = bound("stamps")
    streams = [BoundStream(stamps.prefix, Stream("stamps", row=Stamp, rollup=picky), stamps.label), bound("views")]
    limits = Limits(poll_seconds=0.05, rollup_pause_seconds=0.01, rollup_attempts=2, budget_seconds=2.0)
    intake = await start_intake(database, bound=streams, limits=limits)
    for card in ("a", "bad", "b"):
        await intake.accept(Stamp(card=card), tenant=tenant)
    await intake.accept(View(visitor="v"), tenant=tenant)

    async def parked():
        return bool(await ask(database, "select 1 from intake_outbox where parked"))

    await until(parked)
    await counted(database)
    assert {row["card"] for row in await counts_of(database, "stamps", StampCount)} == {"a", "b"}
    assert len(await rows_of(database, "stamps")) == 3
    (left,) = await ask(database, "select attempts, reason from intake_outbox")
    assert left["attempts"] == 2
    assert "a mistake in a plugin" in left["reason"]
    assert [row["visitors"] for row in await counts_of(database, "views", ViewDay)] == [1]

    async def reported():
        return any("wait for their rollup" in words for words in intake.health().degraded)

    await until(reported)


async def test_how_many_batches_are_parked_is_told_until_somebody_lets_them_go_on(database, start_intake, tenant):
    """By the worker whose rollup raised, by one that starts later, and no longer once they are released and counted."""
    mended = []

    @rule(StampCount)
    async def picky(rows, tables):
        if not mended and any(row.card == "bad" for row in rows):
            raise ZeroDivisionError
        day = tables.day
        await tables.add(
            [StampCount(tenant=row.tenant, day=day(row.tenant, row.occurred), card=row.card, stamps=1) for row in rows]
        )

    stamps = bound("stamps")
    streams = [BoundStream(stamps.prefix, Stream("stamps", row=Stamp, rollup=picky), stamps.label)]
    limits = Limits(poll_seconds=0.05, rollup_pause_seconds=0.01, rollup_attempts=1, budget_seconds=2.0)

    def told(worker):
        (parked,) = [one for one in worker.collect() if one.name == "frontage_intake_parked"]
        return {sample.labels["stream"]: sample.value for sample in parked.samples}[stamps.label]

    def tells(worker, number):
        async def question():
            return told(worker) == number

        return until(question)

    first = await start_intake(database, bound=streams, limits=limits)
    for number in (1, 2):
        await first.accept([Stamp(card="bad"), Stamp(card="beside it")], tenant=tenant)
        await tells(first, number)
    assert [(one.events, "ZeroDivisionError" in one.reason) for one in await parked_rows(database)] == [(2, True)] * 2
    second = await start_intake(database, bound=streams, limits=limits, worker="1")
    await tells(second, 2)
    mended.append(True)
    assert await release(database, stream="another") == 0
    assert await release(database) == 2
    await tells(first, 0)
    await tells(second, 0)
    await counted(database)
    found = {row["card"]: row["stamps"] for row in await counts_of(database, "stamps", StampCount)}
    assert found == {"bad": 2, "beside it": 2}
    assert first.health().degraded == second.health().degraded == ()


async def test_a_rollup_may_await_nothing_but_its_tables_on_sqlite(sqlite_url, start_intake, tenant):
    database = Database(sqlite_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(make_tables)

    @rule(StampCount)
    async def sleepy(rows, tables):
        await asyncio.sleep(0)

    stamps = bound("stamps")
    streams = [BoundStream(stamps.prefix, Stream("stamps", row=Stamp, rollup=sleepy), stamps.label)]
    intake = await start_intake(database, bound=streams, limits=Limits(rollup_attempts=1, poll_seconds=0.05))
    await intake.accept(Stamp(card="a"), tenant=tenant)

    async def parked():
        return [row["reason"] for row in await ask(database, "select reason from intake_outbox where parked")]

    await until(parked)
    (reason,) = await parked()
    assert "nothing but its tables" in reason
    await intake.stop()
    await database.close()


async def test_taking_from_the_outbox_uses_its_index(postgres):
    async with connected(postgres) as connection:
        await connection.execute(
            "insert into intake_outbox (stream, size, payload, created_at)"
            " select 's' || n % 50, 1, '', 0 from generate_series(1, 5000) n"
        )
        await connection.execute("analyze intake_outbox")
        plan = "\n".join(
            row[0] for row in await connection.fetch("explain " + queries.POSTGRES_TAKE, "s1", 0.0, 256, 5000)
        )
    assert "ix_intake_outbox_stream" in plan
    assert "Seq Scan" not in plan


async def test_an_insert_goes_to_the_partition_of_its_day_and_to_no_other(postgres, tenant):
    sink = PostgresBackend(postgres, utc).sink(bound("stamps"))
    today = datetime.now(UTC)
    days = {"today": today, "old": today - timedelta(days=400), "tomorrow": today + timedelta(days=1)}
    await sink.store(batch_of(*(Stamp(card=card, tenant=tenant, occurred=at) for card, at in days.items())))
    rows = await ask(postgres, "select card, tableoid::regclass::text as place from loyalty_stamps_stamps")
    assert {row["card"]: row["place"] for row in rows} == {
        "today": f"loyalty_stamps_stamps_{today:%Y%m%d}",
        "old": "loyalty_stamps_stamps_default",
        "tomorrow": f"loyalty_stamps_stamps_{today + timedelta(days=1):%Y%m%d}",
    }
    await sink.close()


def test_the_key_is_the_tenant_the_utc_day_and_the_id():
    assert [column.name for column in event_columns(Stamp)[:3]] == ["tenant_id", "utc_day", "id"]


async def test_a_worker_counts_what_another_has_written(postgres, tenant):
    # A worker remembers what it wrote itself; what it did not write it must read from the outbox, to the last event.
    writing, counting = (PostgresBackend(postgres, utc) for _ in range(2))
    sink, rolls = writing.sink(bound("stamps"), patient=True), counting.rolls(bound("stamps"))
    for events in (3, 300):
        await sink.store(batch_of(*(Stamp(card="a", tenant=tenant) for _ in range(events))))
    rolled = await rolls.roll(events=1000, rows=10)
    assert rolled.events == 303
    assert [row["stamps"] for row in await counts_of(postgres, "stamps", StampCount)] == [303]
    await sink.close()
    await rolls.close()
