"""A tenant's rows can be read, given out, deleted and let go of; another's are never touched."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from frontage.base.clock import utc_now
from frontage.base.ids import new_id
from frontage.intake.dead_letters import buried, retry
from frontage.intake.limits import Limits
from frontage.intake.partitions import make_partitions
from frontage.intake.tables import erased

from .asking import ask, bound, counted, counts_of, moment, rows_of, tell
from .streams import Sale, SaleSum, Stamp, StampCount, View, ViewVisitor, streams


async def test_a_route_reads_totals_of_its_tenant_alone(database, intake, tenant):
    other, day = new_id(), moment("2026-03-01")
    for owner, card, times in ((tenant, "a", 3), (tenant, "b", 2), (other, "a", 9)):
        await intake.accept([Stamp(card=card, occurred=day) for _ in range(times)], tenant=owner)
    await counted(database)
    rollups = intake.rollups(tenant)
    assert await rollups.total(StampCount.stamps, card="a") == 3
    assert await rollups.total(StampCount.stamps) == 5
    assert await rollups.total(StampCount.stamps, since=day.date() + timedelta(days=1)) == 0
    assert [(row.card, row.stamps) for row in await rollups.rows(StampCount, until=day.date())] == [("a", 3), ("b", 2)]


async def test_a_total_has_the_type_of_its_field_and_is_exact(database, intake, tenant):
    """PostgreSQL sums integers to a numeric and SQLite decimals to a float: JSON would show either."""
    await intake.accept([Stamp(card="a") for _ in range(3)], tenant=tenant)
    await intake.accept([Sale(transaction=str(at), value=Decimal("0.1")) for at in range(3)], tenant=tenant)
    await counted(database)
    rollups = intake.rollups(tenant)
    totals = [await rollups.total(one) for one in (StampCount.stamps, SaleSum.value)]
    assert [(type(total), str(total)) for total in totals] == [(int, "3"), (Decimal, "0.3")]
    none = [await rollups.total(one, since=date.max) for one in (StampCount.stamps, SaleSum.value)]
    assert [(type(total), total) for total in none] == [(int, 0), (Decimal, 0)]


async def test_deleting_a_tenant_leaves_no_row_and_touches_no_other(database, intake, tenant):
    other = new_id()
    for owner in (tenant, other):
        await intake.accept([Stamp(card="a"), Stamp(card="lone \ud800"), View(visitor="v")], tenant=owner)
    await counted(database)
    await intake.erase_tenant(tenant)
    for table in intake.tables:
        owners = {row["tenant_id"] for row in await ask(database, f"select tenant_id from {table.name}")}
        assert tenant not in owners
        assert tenant.hex not in owners
    assert len(await rows_of(database, "stamps")) == 1
    assert await intake.rollups(other).total(StampCount.stamps) == 1


async def test_events_that_were_not_counted_yet_are_deleted_with_their_tenant(database, start_intake, tenant):
    await tell(database, "alter table loyalty_stamps_stamp_count rename to away")
    intake = await start_intake(database)
    other = new_id()
    await intake.accept([Stamp(card="a")], tenant=tenant)
    await intake.accept([Stamp(card="b")], tenant=other)
    await tell(database, "alter table away rename to loyalty_stamps_stamp_count")
    await intake.erase_tenant(tenant)
    await counted(database)
    assert {row["card"] for row in await counts_of(database, "stamps", StampCount)} == {"b"}


async def remains_of(database, intake, tenant):
    """The tables that hold anything of a tenant, the outbox included."""
    found = []
    for table in intake.tables:
        owners = {
            str(row["tenant_id"]).replace("-", "") for row in await ask(database, f"select tenant_id from {table.name}")
        }
        found += [table.name] if tenant.hex in owners else []
    payloads = await ask(database, "select payload from intake_outbox")
    return found + ["intake_outbox" for row in payloads if tenant.bytes in row["payload"]]


async def test_what_a_worker_still_took_for_a_deleted_tenant_is_swept(database, intake, tenant):
    """For a moment a worker may not have heard of it: neither rows nor counts of such events stay."""
    other = new_id()
    await intake.erase_tenant(tenant)
    for owner in (tenant, other):
        await intake.accept([Stamp(card="late"), Stamp(card="lone \ud800"), View(visitor="v")], tenant=owner)
    await counted(database)
    assert len(await remains_of(database, intake, tenant)) > 3
    await intake.sweep_erased()
    assert await remains_of(database, intake, tenant) == []
    assert await intake.rollups(other).total(StampCount.stamps) == 1
    await intake.accept(Stamp(card="later still"), tenant=tenant)
    await counted(database)
    await intake.sweep_erased()
    assert await remains_of(database, intake, tenant) == []


async def test_a_deletion_is_swept_for_a_while_and_then_no_longer(database, intake, tenant):
    """Every sweep costs a look at every table; a minute after no worker knows the tenant there is nothing to find."""
    await intake.erase_tenant(tenant)
    async with database.writing() as session:
        await session.execute(sa.update(erased).values(at=utc_now() - timedelta(minutes=3)))
    await intake.sweep_erased()
    await intake.accept(Stamp(card="impossible"), tenant=tenant)
    await intake.sweep_erased()
    assert len(await rows_of(database, "stamps")) == 1


async def test_what_is_parked_or_of_a_plugin_that_is_gone_does_not_outlive_its_tenant(database, start_intake, tenant):
    """Nobody may ever count it again, so nobody else would take it out of the outbox."""
    await tell(database, "alter table loyalty_stamps_stamp_count rename to away")
    intake = await start_intake(database, limits=Limits(rollup_attempts=1, poll_seconds=0.05))
    await intake.accept([Stamp(card="a")], tenant=tenant)
    await intake.stop()
    await tell(
        database,
        "alter table away rename to loyalty_stamps_stamp_count",
        "update intake_outbox set parked = true, stream = 'gone.stamps'",
    )
    await intake.erase_tenant(tenant)
    assert await remains_of(database, intake, tenant) == []


async def test_an_export_has_every_row_of_the_tenant_and_none_of_another(database, intake, tenant):
    await intake.accept([Stamp(card=str(n)) for n in range(2500)], tenant=tenant)
    await intake.accept(Stamp(card="other"), tenant=new_id())
    await counted(database)
    rows = [row async for row in intake.export_tenant(tenant)]
    stamps = [row for name, row in rows if name == "loyalty_stamps_stamps"]
    assert len({row["id"] for row in stamps}) == 2500
    assert {row["tenant_id"] for _name, row in rows} == {tenant}
    assert sum(row["stamps"] for name, row in rows if name == "loyalty_stamps_stamp_count") == 2500


async def test_one_visitor_can_be_forgotten(database, intake, tenant):
    await intake.accept([View(visitor="me"), View(visitor="you"), View(visitor="me")], tenant=tenant)
    await counted(database)
    assert await intake.erase(View, tenant, visitor="me") == 2
    assert await intake.erase(ViewVisitor, tenant, visitor="me") == 1
    assert [row["visitor"] for row in await rows_of(database, "views")] == ["you"]
    with pytest.raises(ValueError, match="which rows"):
        await intake.erase(View, tenant)


async def test_old_rows_go_by_tenant_and_their_counts_stay(database, intake, tenant):
    other, now = new_id(), utc_now()
    for owner in (tenant, other):
        await intake.accept([Stamp(card="old", occurred=now - timedelta(days=40)), Stamp(card="new")], tenant=owner)
    await counted(database)
    keep = {tenant: timedelta(days=30)}
    assert await intake.expire([tenant, other], lambda owner, _stream: keep.get(owner)) == 1
    assert len(await rows_of(database, "stamps")) == 3
    assert await intake.rollups(tenant).total(StampCount.stamps, card="old") == 1


async def test_a_row_that_says_it_lies_ahead_goes_by_when_it_came(database, intake, tenant):
    """Its own day would keep it for years; one that came lately stays like any other."""
    now = utc_now()
    ahead = now + timedelta(days=4000)
    old = Stamp(card="old", occurred=ahead, received=now - timedelta(days=40))
    await intake.accept([old, Stamp(card="new", occurred=ahead)], tenant=tenant)
    await counted(database)
    assert await intake.expire([tenant], lambda _owner, _stream: timedelta(days=30)) == 1
    assert [row["card"] for row in await rows_of(database, "stamps")] == ["new"]


async def test_empty_partitions_are_dropped_and_new_ones_made_ahead(postgres_url, start_intake, tenant, tmp_path):
    from frontage.base.database import Database

    from .conftest import make_tables

    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(make_tables)
    kept = [stream for stream in streams if stream.stream.keep]
    ahead = utc_now().date() + timedelta(days=8)
    await tell(database, f"drop table loyalty_stamps_stamps_{ahead:%Y%m%d}")
    assert await make_partitions(database, kept) == 1
    assert await make_partitions(database, kept) == 0
    intake = await start_intake(database)
    await tell(
        database,
        "create table loyalty_stamps_stamps_20200101 partition of loyalty_stamps_stamps for values from ('2020-01-01') to ('2020-01-02')",
    )
    await intake.expire([tenant], lambda _owner, _stream: timedelta(days=30))
    assert not (await ask(database, "select to_regclass('loyalty_stamps_stamps_20200101') as name"))[0]["name"]
    await intake.stop()
    await database.close()


async def test_a_partition_that_nobody_keeps_goes_whole(postgres_url, start_intake, tenant):
    """With its rows, once it is past every tenant's retention; rows of a tenant that is not known hold it."""
    from frontage.base.database import Database

    from .conftest import make_tables

    database, other, suspended = Database(postgres_url), new_id(), new_id()
    async with database.engine.begin() as connection:
        await connection.run_sync(make_tables)
    intake = await start_intake(database)
    days = {age: utc_now().date() - timedelta(days=age) for age in (20, 40, 60)}
    for age, day in days.items():
        after = day + timedelta(days=1)
        await tell(
            database,
            f"create table loyalty_stamps_stamps_{day:%Y%m%d} partition of loyalty_stamps_stamps"
            f" for values from ('{day}') to ('{after}')",
        )
        for owner in (tenant, other, *([suspended] if age == 60 else [])):
            await intake.accept(Stamp(card="old", occurred=utc_now() - timedelta(days=age)), tenant=owner)
    await counted(database)
    keep = {tenant: timedelta(days=30), other: timedelta(days=10)}
    # At 40 days the partition goes whole; at 60 a stranger's row stays in it; at 20 one tenant still keeps its row.
    assert await intake.expire([tenant, other], lambda owner, _stream: keep.get(owner)) == 5
    names = [f"loyalty_stamps_stamps_{day:%Y%m%d}" for day in days.values()]
    found = [(await ask(database, f"select to_regclass('{name}') as name"))[0]["name"] for name in names]
    assert [name is not None for name in found] == [True, False, True]
    left = {(row["tenant_id"], row["utc_day"]) for row in await rows_of(database, "stamps")}
    assert left == {(tenant, days[20]), (suspended, days[60])}
    # Exactly once still: a repeat of what is kept is known, and the counts of what went stay.
    assert await intake.rollups(tenant).total(StampCount.stamps, card="old") == 3
    await intake.stop()
    await database.close()


async def test_a_day_that_the_default_partition_has_already_stays_there(postgres_url):
    from frontage.base.database import Database

    from .conftest import make_tables

    database = Database(postgres_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(make_tables)
    ahead = utc_now().date() + timedelta(days=8)
    await tell(
        database,
        f"drop table loyalty_stamps_stamps_{ahead:%Y%m%d}",
        f"insert into loyalty_stamps_stamps values (gen_random_uuid(), '{ahead}', gen_random_uuid(), now(), now(), 'a')",
    )
    assert await make_partitions(database, [bound("stamps")]) == 0
    assert len(await rows_of(database, "stamps")) == 1
    await database.close()


async def test_a_mended_dead_letter_is_stored_and_counted(database, intake, tenant):
    wrong = Stamp(card="a\x00b" if database.dialect == "postgresql" else ["a"])
    await intake.accept(wrong, tenant=tenant)
    await intake.accept(Stamp(card="lone \ud800"), tenant=tenant)
    assert len(await buried(database)) == 2
    await tell(
        database,
        """update intake_dead_letter set payload = replace(replace(payload, '["a"]', '"mended"'), 'a\\u0000b', 'mended')""",
    )
    sinks = {"loyalty-stamps.stamps": intake._ways[Stamp].sink}
    results = [wrong async for _letter, wrong in retry(database, streams, sinks, await buried(database))]
    assert results.count(None) == 1
    await counted(database) if await ask(database, "select 1 from intake_outbox") else None
    assert [row["card"] for row in await rows_of(database, "stamps")] == ["mended"]
    assert len(await buried(database)) == 1
