"""While the database is away, locked or too slow, events are acknowledged from the spool, and reach their table later."""

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import asyncpg
import pytest

from frontage.base.database import Database
from frontage.intake.errors import IntakeRefusedError
from frontage.intake.limits import Limits

from .asking import ask, counted, counts_of, rows_of, tell, until
from .conftest import QUICK
from .streams import Load, LoadCount, Stamp, StampCount

HASTY = Limits(poll_seconds=0.2, rollup_pause_seconds=0.01, budget_seconds=0.1, replay_seconds=1.0)


@asynccontextmanager
async def locked(database: Database, table="loyalty_stamps_stamps"):
    """Somebody else holds the table, or on SQLite the whole file."""
    if database.dialect == "sqlite":
        other = sqlite3.connect(database.file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.close()
        return
    other = await asyncpg.connect(database.url.set(drivername="postgresql").render_as_string(hide_password=False))
    await other.execute(f"begin; lock table {table} in access exclusive mode")
    try:
        yield
    finally:
        await other.close()


def on_disk(intake):
    """Events that wait in the spool; a replay that hangs has them in its hands."""
    return tally_of(intake).spooled + tally_of(intake).in_flight


def tally_of(intake, name="stamps"):
    return intake._counters[f"loyalty-stamps.{name}"]


async def test_a_lock_sends_events_to_the_spool_and_back_in_order(database, start_intake, tenant):
    intake = await start_intake(database, limits=HASTY)
    async with locked(database):
        for number in range(20):
            await intake.accept(Stamp(card=str(number)), tenant=tenant)
        assert on_disk(intake) == 20
        assert "loyalty-stamps.stamps: the database is away, events are spooled" in intake.health().degraded
        assert intake.health().ready

    async def drained():
        return on_disk(intake) == tally_of(intake).away == 0

    await until(drained)
    await counted(database)
    assert [row["card"] for row in sorted(await rows_of(database, "stamps"), key=lambda row: row["id"])] == [
        str(number) for number in range(20)
    ]
    assert sum(row["stamps"] for row in await counts_of(database, "stamps", StampCount)) == 20
    assert intake.health().degraded == ()


async def test_the_database_may_go_away_again_and_again(database, start_intake, tenant):
    intake = await start_intake(database, limits=HASTY)
    for _ in range(3):
        async with locked(database):
            await asyncio.gather(*(intake.accept(Stamp(card="a"), tenant=tenant) for _ in range(20)))
        await until(lambda: _settled(intake))
    await counted(database)
    assert sum(row["stamps"] for row in await counts_of(database, "stamps", StampCount)) == 60


async def test_new_events_keep_flowing_while_the_spool_drains(database, start_intake, tenant):
    intake = await start_intake(database, limits=HASTY)
    async with locked(database):
        await asyncio.gather(*(intake.accept([Stamp(card="old")] * 1, tenant=tenant) for _ in range(500)))
    for _ in range(50):
        await intake.accept(Stamp(card="new"), tenant=tenant)
    await until(lambda: _settled(intake))
    await counted(database)
    found = {row["card"]: row["stamps"] for row in await counts_of(database, "stamps", StampCount)}
    assert found == {"old": 500, "new": 50}


async def _settled(intake):
    return all(tally.spooled == tally.in_flight == tally.away == 0 for _label, tally in intake._counters.items())


async def test_a_table_that_is_not_there_yet_does_not_kill_its_events(database, start_intake, tenant):
    await tell(database, "alter table loyalty_stamps_stamps rename to not_migrated_yet")
    intake = await start_intake(database, limits=HASTY)
    await intake.accept(Stamp(card="a"), tenant=tenant)
    assert (on_disk(intake), tally_of(intake).dead) == (1, 0)
    await tell(database, "alter table not_migrated_yet rename to loyalty_stamps_stamps")
    await until(lambda: _settled(intake))
    assert len(await rows_of(database, "stamps")) == 1


async def test_what_is_spooled_at_the_stop_is_adopted_by_the_next_start(database, start_intake, tenant):
    first = await start_intake(database, limits=HASTY)
    async with locked(database):
        await first.accept([Stamp(card="a") for _ in range(7)], tenant=tenant)
        await first.stop()
    second = await start_intake(database)
    assert tally_of(second).adopted == 7
    await until(lambda: _settled(second))
    await counted(database)
    assert [row["stamps"] for row in await counts_of(database, "stamps", StampCount)] == [7]


async def test_a_batch_whose_fate_was_unknown_is_stored_once(database, start_intake, tenant):
    """The database has it and the spool has it as well: as after a reply that never came."""
    intake = await start_intake(database, limits=HASTY)
    stamps, loads = [Stamp(card="a") for _ in range(5)], [Load(page="home") for _ in range(5)]
    await _store_twice(intake, tenant, [(Stamp, stamps), (Load, loads)])
    await until(lambda: _settled(intake))
    await counted(database)
    assert [row["stamps"] for row in await counts_of(database, "stamps", StampCount)] == [5]
    assert [row["loads"] for row in await counts_of(database, "loads", LoadCount)] == [5]
    assert tally_of(intake).duplicate == tally_of(intake, "loads").duplicate == 5


async def _store_twice(intake, tenant, parts):
    for kind, events in parts:
        lane = intake._ways[kind].lane
        store, fails = lane._sink.store, [True]

        async def store_and_hang(batch, store=store, fails=fails):
            outcome = await store(batch)
            if fails:
                fails.clear()
                await asyncio.sleep(3600)
            return outcome

        lane._sink.store = store_and_hang
        await intake.accept(events, tenant=tenant)


async def test_a_full_queue_refuses_and_keeps_none_of_the_call(database, start_intake, tenant):
    intake = await start_intake(database, limits=Limits(queue_events=10))
    with pytest.raises(IntakeRefusedError) as refused:
        await intake.accept([Stamp(card="a") for _ in range(11)], tenant=tenant)
    assert (refused.value.status, refused.value.retryable, refused.value.reason) == (503, True, "queue_full")
    assert refused.value.retry_after >= 1
    await intake.accept([Stamp(card="a") for _ in range(10)], tenant=tenant)
    assert len(await rows_of(database, "stamps")) == 10
    assert tally_of(intake).dropped == {"queue_full": 11}


async def test_a_full_spool_refuses_and_recovers_by_itself(database, start_intake, tenant):
    limits = Limits(budget_seconds=0.1, spool_bytes=200_000, poll_seconds=0.2)
    intake = await start_intake(database, limits=limits)
    kept: list[Stamp] = []

    async def fill():
        while True:
            stamps = [Stamp(card="a") for _ in range(200)]
            await intake.accept(stamps, tenant=tenant)
            kept.extend(stamps)

    async with locked(database):
        with pytest.raises(IntakeRefusedError) as refused:
            await fill()
        assert refused.value.reason == "spool_full"
        assert not intake.health().ready
    await until(lambda: _settled(intake))
    await intake.accept(Stamp(card="b"), tenant=tenant)
    assert len(await rows_of(database, "stamps")) == len(kept) + 1
    assert intake.health().ready


async def test_a_fault_of_the_writer_is_never_an_acknowledgement(database, start_intake, tenant):
    intake = await start_intake(database)
    lane = intake._ways[Stamp].lane
    store = lane._sink.store

    async def broken(batch):
        raise RuntimeError("a mistake in the writer")

    lane._sink.store = broken
    with pytest.raises(IntakeRefusedError, match="cannot be kept"):
        await intake.accept(Stamp(card="a"), tenant=tenant)
    lane._sink.store = store
    await intake.accept(Stamp(card="b"), tenant=tenant)
    assert [row["card"] for row in await rows_of(database, "stamps")] == ["b"]


async def test_a_caller_that_goes_away_takes_nobody_with_it(database, start_intake, tenant):
    intake = await start_intake(database, limits=QUICK)
    async with locked(database):
        calls = [asyncio.ensure_future(intake.accept(Stamp(card="a"), tenant=tenant)) for _ in range(5)]
        await asyncio.sleep(0)
        calls[2].cancel()
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(result) for result in results].count(asyncio.CancelledError) == 1
    assert len(await rows_of(database, "stamps")) == 5


async def test_after_stop_events_are_refused_and_all_others_are_answered(database, start_intake, tenant):
    intake = await start_intake(database)
    calls = [asyncio.ensure_future(intake.accept(Stamp(card="a"), tenant=tenant)) for _ in range(50)]
    await asyncio.sleep(0)
    await intake.stop()
    await asyncio.gather(*calls)
    with pytest.raises(IntakeRefusedError):
        await intake.accept(Stamp(card="late"), tenant=tenant)
    assert [row["stamps"] for row in await counts_of(database, "stamps", StampCount)] == [50]
    assert not await ask(database, "select * from intake_outbox")
