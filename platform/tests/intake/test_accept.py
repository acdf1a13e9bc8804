"""What `accept` promises when all is well: rows are there, once, and counted."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest

from frontage.base.ids import new_id
from frontage.intake.counters import Tally
from frontage.intake.limits import Limits
from frontage.intake.queue import Queue
from frontage.intake.recent import Recent
from frontage.intake.stream import id_from

from .asking import ask, counted, counts_of, moment, rows_of
from .streams import Load, LoadCount, Sale, SaleSum, Stamp, StampCount, View, ViewDay


async def test_an_accepted_event_is_in_its_table_when_accept_returns(database, intake, tenant):
    event = Stamp(card="a", occurred=moment("2026-03-01 23:30"))
    await intake.accept(event, tenant=tenant)
    (row,) = await rows_of(database, "stamps")
    assert (row["tenant_id"], row["id"], row["card"]) == (tenant, event.id, "a")
    assert row["occurred"] == event.occurred
    assert row["utc_day"] == event.occurred.date()


async def test_every_type_of_field_comes_back_as_it_was(database, intake, tenant):
    sale = Sale(transaction="t", value=Decimal("1234567890123.4567"), notes={"a": ["ü", 1.5, None]})
    await intake.accept(sale, tenant=tenant)
    (row,) = await rows_of(database, "sales")
    assert (row["value"], row["notes"]) == (sale.value, sale.notes)


async def test_a_rollup_follows_by_itself(database, intake, tenant):
    await intake.accept([Stamp(card="a"), Stamp(card="b"), Stamp(card="a")], tenant=tenant)
    await counted(database)
    found = {row["card"]: row["stamps"] for row in await counts_of(database, "stamps", StampCount)}
    assert found == {"a": 2, "b": 1}


async def test_many_at_once_are_each_kept_once(database, intake, tenant):
    await asyncio.gather(*(intake.accept(Stamp(card=str(n % 7)), tenant=tenant) for n in range(500)))
    await counted(database)
    assert len(await rows_of(database, "stamps")) == 500
    assert sum(row["stamps"] for row in await counts_of(database, "stamps", StampCount)) == 500


async def test_a_repeat_is_acknowledged_and_counted_as_such(database, intake, tenant):
    stamp = Stamp(card="a")
    for _ in range(3):
        await intake.accept(stamp, tenant=tenant)
    await counted(database)
    assert len(await rows_of(database, "stamps")) == 1
    assert [row["stamps"] for row in await counts_of(database, "stamps", StampCount)] == [1]
    tally = intake._counters["loyalty-stamps.stamps"]
    assert (tally.accepted, tally.stored, tally.duplicate) == (3, 1, 2)


async def test_a_repeat_within_one_call_counts_once(database, intake, tenant):
    stamp = Stamp(card="a")
    await intake.accept([stamp, Stamp(card="b"), stamp], tenant=tenant)
    await counted(database)
    assert sum(row["stamps"] for row in await counts_of(database, "stamps", StampCount)) == 2


async def test_pure_repeats_leave_nothing_to_count(database, intake, tenant):
    # An aggregate over no rows is null, and null stands for "all of them are new".
    stamps = [Stamp(card="a") for _ in range(5)]
    await intake.accept(stamps, tenant=tenant)
    await counted(database)
    await intake.accept(list(reversed(stamps)), tenant=tenant)
    await counted(database)
    assert [row["stamps"] for row in await counts_of(database, "stamps", StampCount)] == [5]


async def test_of_a_batch_with_repeats_only_the_new_ones_are_counted(database, intake, tenant):
    old = [Stamp(card="old") for _ in range(300)]
    await intake.accept(old, tenant=tenant)
    new = [Stamp(card="new") for _ in range(300)]
    await intake.accept([*old, *new], tenant=tenant)
    await counted(database)
    found = {row["card"]: row["stamps"] for row in await counts_of(database, "stamps", StampCount)}
    assert found == {"old": 300, "new": 300}


async def test_events_that_are_kept_for_one_tenant_and_then_for_another_count_for_both(database, intake, tenant):
    events, other = [Stamp(card="a") for _ in range(300)], new_id()
    await intake.accept(events, tenant=tenant)
    await intake.accept(events, tenant=other)
    await counted(database)
    found = {row["tenant_id"]: row["stamps"] for row in await counts_of(database, "stamps", StampCount)}
    assert found == {tenant: 300, other: 300}


def test_what_a_worker_has_just_written_is_remembered_once_and_within_bounds():
    """What made room, what was taken and what another worker wrote is unpacked."""
    recent = Recent()
    for row in range(60):
        recent.hold(row, [Stamp(card=str(row))] * 500)
    assert [recent.take(row) is None for row in (0, 19, 20, 59, 59, 60)] == [True, True, False, False, True, True]


def test_the_id_that_stands_for_a_clients_own_never_changes():
    """A repeat may come after an upgrade, and it must still be the same event."""
    assert str(id_from("client", "42")) == "0d290952-ae7b-1ac8-3796-da15575d9510"
    assert str(id_from("é\ud800")) == "62cc0d22-e6cc-6297-e130-36b47e6666fb"


async def test_the_same_id_is_another_event_for_another_tenant_or_day(database, intake, tenant):
    event_id = id_from("client", "42")
    day = moment("2026-03-01 12:00")
    for owner, at in [
        (tenant, day),
        (tenant, day + timedelta(days=1)),
        (new_id(), day),
        (tenant, day + timedelta(hours=1)),
    ]:
        await intake.accept(Stamp(card="a", id=event_id, occurred=at), tenant=owner)
    assert len(await rows_of(database, "stamps")) == 3


async def test_calls_may_hold_events_of_several_streams(database, intake, tenant):
    await intake.accept([Stamp(card="a"), View(visitor="v")], tenant=tenant)
    assert len(await rows_of(database, "stamps")) == len(await rows_of(database, "views")) == 1


async def test_what_must_be_unique_for_ever_counts_once_across_days(database, intake, tenant):
    for day in ("2026-03-01", "2026-03-02", "2026-03-02"):
        await intake.accept(Sale(transaction="t-1", value=Decimal("9.95"), occurred=moment(day)), tenant=tenant)
    await counted(database)
    (row,) = await counts_of(database, "sales", SaleSum)
    assert (row["sales"], row["value"]) == (1, Decimal("9.95"))


async def test_decimals_add_up_exactly(database, intake, tenant):
    day = moment("2026-03-01")
    for n in range(10):
        await intake.accept(Sale(transaction=str(n), value=Decimal("0.10"), occurred=day), tenant=tenant)
    await counted(database)
    (row,) = await counts_of(database, "sales", SaleSum)
    assert row["value"] == Decimal("1.00")


async def test_visitors_are_counted_once_a_day_and_once_a_week(database, intake, tenant):
    seen = [("2026-03-02", "a"), ("2026-03-03", "a"), ("2026-03-03", "b"), ("2026-03-01", "a"), ("2026-03-03", "a")]
    for day, visitor in seen:
        await intake.accept(View(visitor=visitor, received=moment(day)), tenant=tenant)
    await counted(database)
    days = {str(row["day"]): row for row in await counts_of(database, "views", ViewDay)}
    assert {day: row["visitors"] for day, row in days.items()} == {"2026-03-01": 1, "2026-03-02": 1, "2026-03-03": 2}
    assert sum(row["last_here"] for row in days.values()) == 2


async def test_a_stream_that_keeps_no_rows_counts_and_leaves_nothing(database, intake, tenant):
    await intake.accept([Load(page="home"), Load(page="home")], tenant=tenant)
    await counted(database)
    assert [row["loads"] for row in await counts_of(database, "loads", LoadCount)] == [2]
    assert not await ask(database, "select * from intake_outbox")


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Stamp(card="a"), "no tenant"),
        (Stamp(card="a", tenant=new_id(), occurred=moment("2026-03-01").replace(tzinfo=None)), "zone"),
    ],
    ids=["no tenant", "naive moment"],
)
async def test_an_event_that_makes_no_sense_is_the_callers_mistake(intake, event, words):
    with pytest.raises(ValueError, match=words):
        await intake.accept(event)


async def test_a_full_batch_that_waits_is_known():
    """Nobody lingers for company while a whole batch is waiting for its write."""
    queue = Queue(Tally(), Limits(batch_events=2))
    waiters = [asyncio.get_running_loop().create_future() for _ in range(3)]
    for waiter, full in zip(waiters, [False, False, True], strict=True):
        queue.put([Stamp(card="a")], [b""], [], waiter)
        assert queue.holds_full_batch is full
    assert len(await queue.take() or ()) == 2
    assert not queue.holds_full_batch
