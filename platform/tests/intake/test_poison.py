"""A row that the database refuses goes to the dead letters with its reason; its neighbours are stored."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from frontage.base.ids import new_id

from .asking import ask, counted, counts_of, rows_of, until
from .streams import Stamp, StampCount
from .test_away import HASTY, _settled, locked, on_disk, tally_of

ENDS = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]


def poison(dialect):
    """What each database refuses: a text that no encoding has; NUL on PostgreSQL; a wrong type on SQLite."""
    wrong = {"postgresql": Stamp(card="a\x00b"), "sqlite": Stamp(card=["not", "text"])}
    return [Stamp(card="lone \ud800 surrogate"), wrong[dialect]]


async def test_poison_dies_alone(database, intake, tenant):
    good = [Stamp(card="good") for _ in range(50)]
    bad = poison(database.dialect)
    await intake.accept([*good[:25], *bad, *good[25:]], tenant=tenant)
    await counted(database)
    assert len(await rows_of(database, "stamps")) == 50
    assert [row["stamps"] for row in await counts_of(database, "stamps", StampCount)] == [50]
    dead = await ask(database, "select * from intake_dead_letter")
    assert len(dead) == 2
    assert all(row["reason"] and row["payload"] for row in dead)
    assert tally_of(intake).dead == 2


async def test_poison_in_a_batch_that_is_copied_dies_alone(database, intake, tenant):
    good = [Stamp(card="good") for _ in range(600)]
    await intake.accept([*good, *poison(database.dialect)], tenant=tenant)
    await counted(database)
    assert len(await rows_of(database, "stamps")) == 600
    assert sum(row["stamps"] for row in await counts_of(database, "stamps", StampCount)) == 600


async def test_poison_from_the_spool_dies_alone(database, start_intake, tenant):
    intake = await start_intake(database, limits=HASTY)
    async with locked(database):
        await intake.accept([Stamp(card="good"), *poison(database.dialect), Stamp(card="good")], tenant=tenant)
        assert on_disk(intake) == 4
    await until(lambda: _settled(intake))
    assert len(await rows_of(database, "stamps")) == 2
    assert (tally_of(intake).stored, tally_of(intake).dead) == (2, 2)


async def test_events_of_another_version_of_the_plugin_are_kept_as_dead_letters(
    database, start_intake, tenant, tmp_path
):
    """A spool outlives an upgrade: what no longer fits the row is kept as text."""
    first = await start_intake(database, limits=HASTY)
    async with locked(database):
        await first.accept([Stamp(card="fits"), Stamp(card="fits too")], tenant=tenant)
        spooler = first._spooler

        def spoil():
            connection = spooler._own.file._connection
            (payload,) = connection.execute("select payload from record").fetchone()
            payload = payload.replace(b"\xa4card\xa4fits", b"\xa4cord\xa4fits")
            import zlib

            connection.execute("update record set payload = ?, checksum = ?", (payload, zlib.crc32(payload)))

        await spooler._run(spoil)
        await first.stop()
    second = await start_intake(database)
    await until(lambda: _settled(second))
    assert [row["card"] for row in await rows_of(database, "stamps")] == ["fits too"]
    (dead,) = await ask(database, "select * from intake_dead_letter")
    assert "card" in dead["reason"]
    assert "fits" in dead["payload"]


async def test_a_spoiled_record_is_set_aside_and_its_neighbours_are_stored(database, start_intake, tenant):
    first = await start_intake(database, limits=HASTY)
    async with locked(database):
        for card in ("a", "b", "c"):
            await first.accept([Stamp(card=card), Stamp(card=card)], tenant=tenant)

        def spoil():
            connection = first._spooler._own.file._connection
            connection.execute("update record set payload = zeroblob(length(payload)) where seq = 2")

        await first._spooler._run(spoil)
        await first.stop()
    second = await start_intake(database)
    await until(lambda: _settled(second))
    assert sorted(row["card"] for row in await rows_of(database, "stamps")) == ["a", "a", "c", "c"]
    assert tally_of(second).dead == 2


async def test_events_of_a_deleted_tenant_do_not_come_back_from_a_spool(database, start_intake, tenant):
    first = await start_intake(database, limits=HASTY)
    async with locked(database):
        await first.accept(Stamp(card="gone"), tenant=tenant)
        await first.accept(Stamp(card="stays"), tenant=new_id())
        await first.stop()
    await first.erase_tenant(tenant)
    second = await start_intake(database)
    await until(lambda: _settled(second))
    assert [row["card"] for row in await rows_of(database, "stamps")] == ["stays"]
    assert tally_of(second).dead == 1


@pytest.mark.parametrize("end", ENDS, ids=["first", "last"])
async def test_a_moment_that_no_calendar_has_in_utc_dies_alone(database, intake, tenant, end):
    beyond = timezone(timedelta(hours=9 if end.year == 1 else -9))
    bad = Stamp(card="bad", occurred=end.replace(tzinfo=beyond))
    await intake.accept([Stamp(card="good"), bad, Stamp(card="good")], tenant=tenant)
    await counted(database)
    assert [row["card"] for row in await rows_of(database, "stamps")] == ["good", "good"]
    (dead,) = await ask(database, "select * from intake_dead_letter")
    assert "OverflowError" in dead["reason"]
    assert bad.occurred.isoformat() in dead["payload"]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"], ids=["east", "west"])
async def test_the_first_and_the_last_moment_of_the_calendar_are_counted(database, start_intake, tenant, zone):
    """No tenant's zone makes a poison of them that would stop the counting of their neighbours."""
    intake = await start_intake(database, zone_of=lambda _tenant: ZoneInfo(zone))
    await intake.accept([*(Stamp(card="end", occurred=end) for end in ENDS), Stamp(card="now")], tenant=tenant)
    await counted(database)
    found = {(row["card"], row["stamps"]) for row in await counts_of(database, "stamps", StampCount)}
    assert found == {("end", 1), ("now", 1)}
    assert len(await rows_of(database, "stamps")) == 3
