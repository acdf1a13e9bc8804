"""What is counted equals a recount from the rows, whatever comes in whatever order, and is what people would count."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontage_storefront_beacon import names, traces
from frontage_storefront_beacon.rollups import (
    OTHERS,
    NamesOfDay,
    ProductDay,
    SearchDay,
    SessionDay,
    SessionTrace,
    TokenDay,
    TrendHour,
)

from .shop import Shop, event

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
KINDS = (
    "product_impression", "product_click", "product_view", "add_to_cart", "search", "autocomplete", "collection_view",
    "block_view", "product_hover",
)  # fmt: skip


def made(chance: random.Random) -> dict[str, Any]:
    """An event of a few sessions, tokens, products and days, half of them within minutes of one another."""
    moment = NOON + timedelta(days=chance.choice((0, 0, 0, -1, -40)), seconds=chance.randrange(0, 1500))
    return event(
        chance.choice(KINDS),
        timestamp=moment.isoformat(),
        session_id=chance.choice("abc"),
        event_id=chance.choice((None, str(chance.randrange(12)))),
        product_id=chance.randrange(4),
        position=chance.choice((1, 2, 100, 500)),
        query=chance.choice(("Red  Shoes", "red shoes", "hat")),
        collection_handle=chance.choice(("summer", "winter")),
        block_id=chance.choice((None, "hero")),
        search_id=chance.choice((None, None, "q1")),
        attribution_token=chance.choice((None, None, "T1", "T2")),
        contextual_data=chance.choice((None, {"results": 0}, {"results": 3})),
    )


async def counts(shop: Shop, kind: type) -> list[dict]:
    await shop.counted()
    rollups = shop.running.platform.services.intake.rollups(shop.running.tenant(shop.slug).id)
    fields = [name for name in kind.__struct_fields__ if name != "tenant"]
    return [{name: getattr(row, name) for name in fields} for row in await rollups.rows(kind)]


async def all_counts(shop: Shop) -> list:
    kinds = (TrendHour, ProductDay, SearchDay, TokenDay, SessionDay, SessionTrace, NamesOfDay)
    return [row for kind in kinds for row in await counts(shop, kind)]


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
async def test_whatever_comes_in_whatever_order_the_counts_are_those_of_the_rows(street, seed):
    """Repeats, late ones, bots, people who want privacy; in any order and any grouping; with room for few names."""
    chance = random.Random(seed)
    sent = [made(chance) for _ in range(60)]
    sent += chance.choices(sent, k=20)
    shop = await street.open('timezone = "America/Tegucigalpa"')
    chance.shuffle(sent)
    while sent:
        size = chance.randrange(1, 30)
        batch, sent = sent[:size], sent[size:]
        headers = chance.choice(({}, {}, {"Sec-GPC": "1"}, {"User-Agent": "Googlebot/2.1"}))
        await shop.send(*batch, headers=headers)
        if chance.random() < 0.3:
            await shop.counted()
    assert await shop.differences() == []


async def test_the_order_of_arrival_means_nothing(street):
    """The same events one way in one shop and the other way round in another, one by one: the same numbers."""
    chance = random.Random(5)
    sent = [made(chance) | {"event_id": str(number)} for number in range(60)]
    shops = [await street.open(), await street.open()]
    for shop, order in zip(shops, (sent, list(reversed(sent))), strict=True):
        for start in range(0, len(order), 7):
            await shop.send(*order[start : start + 7])
            await shop.counted()
    told = [await all_counts(shop) for shop in shops]
    without_zeros = [[row for row in rows if not _is_empty(row)] for rows in told]
    assert without_zeros[0] == without_zeros[1]


def _is_empty(row: dict) -> bool:
    return "sessions" in row and not row["sessions"]


async def test_names_beyond_the_most_are_counted_together(street, monkeypatch):
    """With room for two names in each part: bounded, the same in any order, nothing lost, and equal to a recount."""
    monkeypatch.setattr(names, "PARTS", 2)
    monkeypatch.setattr(names, "NAMES_IN_PART", 2)
    sent = [
        event("product_click", product_id=number, position=1 + number % 3, attribution_token=f"T{number}",
              session_id=f"s{number}", timestamp=NOON.isoformat(), block_id=f"b{number}")
        for number in range(20)
    ] + [event("search", query=f"q{number}", timestamp=NOON.isoformat()) for number in range(20)]  # fmt: skip
    sent += [event("product_view", product_id=number, timestamp=(NOON + timedelta(seconds=9)).isoformat(), session_id=f"s{number}") for number in range(20)]  # fmt: skip
    told = []
    for seed in (1, 2):
        shop = await street.open()
        random.Random(seed).shuffle(sent)
        for start in range(0, len(sent), 9):
            await shop.send(*sent[start : start + 9])
            await shop.counted()
        assert await shop.differences() == []
        products, searches = await counts(shop, ProductDay), await counts(shop, SearchDay)
        assert sum(row["clicks"] for row in products) == sum(row["views"] for row in products) == 20
        assert len({row["product"] for row in products} - {-1}) == 4
        assert len({row["query"] for row in searches} - {OTHERS}) == 4
        assert sum(row["searches"] for row in searches) == 20
        assert sum(row["full_views"] for row in await counts(shop, TokenDay)) == 20
        told.append((products, searches, await counts(shop, TokenDay)))
    assert told[0] == told[1]


MODELLED = {
    "at once": ([("t", 0), ("v", 0)], {"full_views": 1}),
    "two minutes": ([("t", 0), ("v", 120)], {"full_views": 1}),
    "more than two minutes": ([("t", 0), ("v", 121)], {"half_views": 1}),
    "ten minutes": ([("t", 0), ("a", 600)], {"half_adds": 1}),
    "more than ten minutes": ([("t", 0), ("a", 601)], {}),
    "before it": ([("v", 0), ("t", 1)], {}),
    "a direct one extends": ([("t", 0), ("C", 500), ("v", 601)], {"direct_clicks": 1, "full_views": 1}),
    "impressions are no outcome": ([("t", 0), ("i", 1)], {}),
    "each once": ([("t", 0), ("t", 1), ("c", 2), ("v", 3)], {"full_clicks": 1, "full_views": 1}),
}


async def test_what_a_response_led_to(street):
    """By the token itself, else within ten minutes in the same session, in full for two; in any order of arrival."""
    kinds = {
        "t": "block_view",
        "v": "product_view",
        "a": "add_to_cart",
        "c": "product_click",
        "i": "product_impression",
    }
    for words, (steps, expected) in MODELLED.items():
        sent = [
            event(
                kinds[kind.lower()],
                timestamp=(NOON + timedelta(seconds=second)).isoformat(),
                event_id=str(at),
                attribution_token="T" if kind in "tC" else None,
            )
            for at, (kind, second) in enumerate(steps)
        ]
        shop = await street.open()
        for one in reversed(sent):
            await shop.send(one)
        rows = await counts(shop, TokenDay)
        told = {name: number for row in rows for name, number in row.items() if isinstance(number, int) and number}
        told.pop("shown", None)
        assert told == expected, words


async def test_another_session_has_no_part_in_it(shop: Shop):
    """Nor has one without an id, nor another token: the last response before it has it all."""
    at = [(NOON + timedelta(seconds=second)).isoformat() for second in range(9)]
    await shop.send(
        event("block_view", timestamp=at[0], attribution_token="T1", session_id="one"),
        event("block_view", timestamp=at[1], attribution_token="T2", session_id="one"),
        event("product_view", timestamp=at[2], session_id="one"),
        event("product_view", timestamp=at[2], session_id="two"),
    )
    assert {row["token"]: row["full_views"] for row in await counts(shop, TokenDay)} == {"T1": 0, "T2": 1}


async def test_searches_that_led_to_a_click(shop: Shop):
    """By id, by token, else the last search within ten minutes; a completion is no search."""

    def at(second):
        return (NOON + timedelta(seconds=second)).isoformat()

    await shop.send(
        event("search", timestamp=at(0), query="by id", search_id="q1"),
        event("search", timestamp=at(1), query="by token", attribution_token="T"),
        event("search", timestamp=at(2), query="nothing", contextual_data={"results": 0}),
        event("search", timestamp=at(3), query=" The  LAST "),
        event("autocomplete", timestamp=at(4), query="the la"),
        event("product_click", timestamp=at(5), search_id="q1"),
        event("product_click", timestamp=at(6), attribution_token="T"),
        event("product_click", timestamp=at(7)),
        event("search", timestamp=at(8), query="after"),
        event("product_click", timestamp=at(609)),
    )
    told = {
        row["query"]: (row["searches"], row["clicked"], row["without_result"]) for row in await counts(shop, SearchDay)
    }
    assert told == {
        "after": (1, 0, 0),
        "by id": (1, 1, 0),
        "by token": (1, 1, 0),
        "nothing": (1, 0, 1),
        "the last": (1, 1, 0),
        "the la": (0, 0, 0),
    }


async def test_a_day_is_the_shop_s_own(street):
    """Half past midnight in Kathmandu is another day than in London, and another hour."""
    shop = await street.open('timezone = "Asia/Kathmandu"')
    await shop.send(event(timestamp="2026-03-28T18:30:00Z"))
    (row,) = await counts(shop, TrendHour)
    assert (row["day"].isoformat(), row["hour"], row["events"]) == ("2026-03-29", 0, 1)


async def test_a_long_session_is_followed_for_its_first_steps(street, monkeypatch):
    """The first steps by their own clock, whatever their order of arrival; everything is counted all the same."""
    monkeypatch.setattr(traces, "MOST_STEPS", 5)
    shop = await street.open()
    sent = [event(timestamp=(NOON + timedelta(seconds=n)).isoformat()) for n in range(12)]
    random.Random(3).shuffle(sent)
    for one in sent:
        await shop.send(one)
    (trace,) = await counts(shop, SessionTrace)
    assert len(trace["steps"]) == 5
    assert trace["steps"][-1][0] == int((NOON + timedelta(seconds=4)).timestamp()) * 1_000_000
    assert sum(row["views"] for row in await counts(shop, ProductDay)) == 12
    assert await shop.differences() == []
