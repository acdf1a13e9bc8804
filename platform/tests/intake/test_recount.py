"""A recount from the raw rows equals what was told, finds what is not, and mends it."""

from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontage.base.ids import new_id
from frontage.intake.recount import recount

from .asking import bound, counted, counts_of, moment, tell
from .streams import Sale, SaleSum, Stamp, StampCount, View


def utc(_tenant):
    return ZoneInfo("UTC")


async def test_what_was_counted_is_what_is_there(database, intake, tenant):
    for n in range(20):
        await intake.accept(
            [Stamp(card=str(n % 3)), Sale(transaction=str(n % 7), value=Decimal("1.10")), View(visitor=str(n % 4))],
            tenant=tenant,
        )
    await counted(database)
    for name in ("stamps", "sales", "views"):
        assert await recount(database, bound(name), tenant, utc) == []


async def test_a_wrong_count_is_found_and_mended(database, intake, tenant):
    await intake.accept([Stamp(card="a"), Stamp(card="a"), Stamp(card="b")], tenant=tenant)
    await counted(database)
    await tell(
        database,
        "update loyalty_stamps_stamp_count set stamps = 7 where card = 'a'",
        "delete from loyalty_stamps_stamp_count where card = 'b'",
    )
    found = await recount(database, bound("stamps"), tenant, utc, mend=True)
    assert [(one.told.stamps if one.told else None, one.right.stamps) for one in found] == [(7, 2), (None, 1)]
    assert await recount(database, bound("stamps"), tenant, utc) == []
    assert {row["card"]: row["stamps"] for row in await counts_of(database, "stamps", StampCount)} == {"a": 2, "b": 1}


async def test_what_waits_to_be_counted_is_no_difference(database, start_intake, tenant):
    await tell(database, "alter table loyalty_stamps_stamp_count rename to away")
    intake = await start_intake(database)
    await intake.accept(Stamp(card="a"), tenant=tenant)
    await intake.stop()
    await tell(database, "alter table away rename to loyalty_stamps_stamp_count")
    assert await recount(database, bound("stamps"), tenant, utc) == []


async def test_days_before_since_are_left_alone(database, intake, tenant):
    await intake.accept(
        [Stamp(card="old", occurred=moment("2026-01-01")), Stamp(card="new", occurred=moment("2026-03-01"))],
        tenant=tenant,
    )
    await counted(database)
    await tell(database, "delete from loyalty_stamps_stamps where card = 'old'")
    assert await recount(database, bound("stamps"), tenant, utc, since=moment("2026-02-01").date()) == []
    assert len(await recount(database, bound("stamps"), tenant, utc)) == 1


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ab"), st.integers(0, 3)), min_size=1, max_size=8),
        max_size=8,
    )
)
async def test_whatever_comes_in_whatever_order_counts_are_right(database, intake, calls):
    """Repeats, other days, other cards, in any grouping: after a while the counts equal a recount."""
    tenant, ids = new_id(), [new_id() for _ in range(6)]
    for call in calls:
        await intake.accept(
            [
                Stamp(id=ids[number], card=card, occurred=moment(f"2026-03-0{day + 1} 23:59:59"))
                for number, card, day in call
            ],
            tenant=tenant,
        )
    await counted(database)
    assert await recount(database, bound("stamps"), tenant, utc) == []
    total = await intake.rollups(tenant).total(StampCount.stamps)
    assert total == len({(number, day) for call in calls for number, _card, day in call})


async def test_a_row_of_zeros_says_what_no_row_says(database, intake, tenant):
    """What was counted elsewhere in the end leaves zeros behind, and those are no difference; one is."""
    await tell(
        database,
        "insert into loyalty_stamps_stamp_count (tenant_id, day, card, stamps) values "
        f"('{tenant.hex}', '2026-03-01', 'none', 0), ('{tenant.hex}', '2026-03-01', 'one', 1)",
    )
    (found,) = await recount(database, bound("stamps"), tenant, utc)
    assert (found.told.card, found.right) == ("one", None)


async def test_what_was_claimed_stays_claimed_when_its_event_is_gone(database, intake, tenant):
    """A mended recount takes the sale out of the sums, and gives its number back to nobody."""
    sale = Sale(transaction="7", value=Decimal("1.10"))
    await intake.accept(sale, tenant=tenant)
    await counted(database)
    await tell(database, "delete from loyalty_stamps_sales")
    await recount(database, bound("sales"), tenant, utc, mend=True)
    assert await recount(database, bound("sales"), tenant, utc) == []
    await intake.accept(Sale(transaction="7", value=Decimal("1.10")), tenant=tenant)
    await counted(database)
    assert sum(row["sales"] for row in await counts_of(database, "sales", SaleSum)) == 0
