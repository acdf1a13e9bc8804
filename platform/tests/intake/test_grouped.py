"""Counts added up by some of their keys, as reports want them."""

from .asking import counted, moment
from .streams import Stamp, StampCount


async def test_counts_are_added_up_by_some_of_their_keys(database, intake, tenant):
    """By card over days, the greatest first, a part of them; or all together; another tenant's are not among them."""
    for day in (1, 2, 3):
        cards = "aabccc" if day < 3 else "b"
        await intake.accept([Stamp(card=card, occurred=moment(f"2026-03-0{day}")) for card in cards], tenant=tenant)
    await intake.accept(Stamp(card="z"), tenant=type(tenant)(int=7))
    await counted(database)
    rollups = intake.rollups(tenant)
    by_card = await rollups.grouped(StampCount, ("card",), order=lambda row: row.stamps)
    assert by_card == [{"card": "c", "stamps": 6}, {"card": "a", "stamps": 4}, {"card": "b", "stamps": 3}]
    words = {"until": moment("2026-03-02").date(), "having": lambda row: row.stamps > 2}
    assert await rollups.grouped(StampCount, ("card",), **words) == [
        {"card": "a", "stamps": 4},
        {"card": "c", "stamps": 6},
    ]
    assert await rollups.count_groups(StampCount, ("card",), **words) == 2
    assert await rollups.grouped(StampCount, ("card",), limit=1, offset=1) == [{"card": "b", "stamps": 3}]
    assert await rollups.grouped(StampCount, (), card="a") == [{"stamps": 4}]
    assert await rollups.grouped(StampCount, (), card="nobody") == [{"stamps": 0}]
    assert await rollups.grouped(StampCount, (), where=lambda row: row.card.in_(["a", "b"])) == [{"stamps": 7}]
    assert type(await rollups.total(StampCount.stamps)) is int
