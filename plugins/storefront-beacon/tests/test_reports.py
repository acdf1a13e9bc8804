"""Reports: what a shop reads, from counts, in its own days."""

import csv
import io
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from frontage_storefront_beacon.rollups import TrendHour

from .shop import Shop, event

pytestmark = pytest.mark.asyncio(loop_scope="module")

DAY = datetime(2026, 5, 4, 9, tzinfo=UTC)
WEEK = {"since": "2026-05-04", "until": "2026-05-10"}


def at(seconds=0, **words):
    return (DAY + timedelta(seconds=seconds, **words)).isoformat()


def shown(product, position, seconds=0, kind="product_impression", **members):
    return event(
        kind,
        product_id=product,
        position=position,
        timestamp=at(seconds),
        event_id=f"{kind}{product}{position}{seconds}",
        **members,
    )


async def fill(shop: Shop) -> None:
    """A small week: two sessions on Monday, one on Wednesday."""
    await shop.send(
        event("search", timestamp=at(0), query="Sandals", session_id="one", search_id="q"),
        event("search", timestamp=at(1), query="boots", session_id="one", contextual_data={"results": 0}),
        *(shown(product, product, 2, session_id="one", collection_handle="summer") for product in (1, 2, 3)),
        shown(1, 1, 3, "product_click", session_id="one", search_id="q", collection_handle="summer"),
        event("product_view", product_id=1, timestamp=at(4), session_id="one"),
        event("add_to_cart", product_id=1, timestamp=at(5), session_id="one"),
        event("collection_view", timestamp=at(6), session_id="two", collection_handle="=summer"),
        event("block_view", timestamp=at(7), session_id="two", block_id="hero", attribution_token="T"),
        shown(2, 1, 8, session_id="two", block_id="hero"),
        shown(2, 1, 9, "product_click", session_id="two", block_id="hero", attribution_token="T"),
        event("product_view", product_id=2, timestamp=at(300), session_id="two"),
        event("product_view", product_id=9, timestamp=at(days=2), session_id="three"),
    )  # fmt: skip
    await shop.send(event("product_view", product_id=5, timestamp=at(2), session_id="bot"), headers={"User-Agent": "Googlebot/2.1"})  # fmt: skip


async def test_products(shop):
    """Shown, clicked, seen, added, with their rates; by product, by position, by both; one product; another order."""
    await fill(shop)
    told = await shop.told("products", **WEEK)
    first = told["data"][0]
    assert [row["product_id"] for row in told["data"]] == [2, 1, 3, 9]
    assert first == {
        "product_id": 2, "position": None, "impressions": 2, "clicks": 1, "views": 1, "adds": 0, "hovers": 0,
        "touches": 0, "click_through_rate": 0.5, "add_rate": 0.0,
    }  # fmt: skip
    assert told["pagination"]["total_count"] == 4
    by_position = (await shop.told("products", by="position", **WEEK))["data"]
    assert [(row["position"], row["impressions"], row["clicks"], row["click_through_rate"]) for row in by_position] == [
        (1, 2, 2, 1.0),
        (2, 1, 0, 0.0),
        (3, 1, 0, 0.0),
        (0, 0, 0, None),
    ]
    both = (await shop.told("products", by="product_position", product_id=2, **WEEK))["data"]
    assert {(row["position"], row["impressions"]) for row in both} == {(1, 1), (2, 1), (0, 0)}
    assert [row["product_id"] for row in (await shop.told("products", order="adds", page_size=1, **WEEK))["data"]] == [
        1
    ]
    paged = await shop.told("products", page=2, page_size=3, **WEEK)
    assert ([row["product_id"] for row in paged["data"]], paged["pagination"]["has_previous"]) == ([9], True)


async def test_searches(shop):
    """The most frequent, those that led to no click, those that found nothing, and those that contain a word."""
    await fill(shop)

    async def told(**query):
        return [
            (row["query"], row["searches"], row["clicked"], row["without_click"], row["without_result"], row["click_rate"])
            for row in (await shop.told("searches", **query, **WEEK))["data"]
        ]  # fmt: skip

    assert await told() == [("boots", 1, 0, 1, 1, 0.0), ("sandals", 1, 1, 0, 0, 1.0)]
    assert [row[0] for row in await told(show="without_click")] == ["boots"]
    assert [row[0] for row in await told(show="without_result")] == ["boots"]
    assert [row[0] for row in await told(contains="SAND")] == ["sandals"]
    assert await told(contains="%") == []


async def test_collections_and_blocks(shop):
    """Their views, and what became of products in them."""
    await fill(shop)
    rows = {row["name"]: row for row in (await shop.told("collections", **WEEK))["data"]}
    assert (rows["=summer"]["views"], rows["summer"]["impressions"], rows["summer"]["clicks"]) == (1, 3, 1)
    (block,) = (await shop.told("blocks", **WEEK))["data"]
    assert (block["name"], block["views"], block["impressions"], block["clicks"], block["click_through_rate"]) == (
        "hero", 1, 1, 1, 1.0,
    )  # fmt: skip


async def test_sessions_and_funnel(shop):
    """How far sessions came, each step after the one before; bots are in no number."""
    await fill(shop)
    (row,) = (await shop.told("sessions", **WEEK))["data"]
    assert row == {
        "name": "desktop", "sessions": 3, "impressed": 2, "clicked": 2, "viewed": 2, "added": 1, "add_rate": 0.3333,
    }  # fmt: skip
    by_day = (await shop.told("sessions", by="day", **WEEK))["data"]
    assert [(row["name"], row["sessions"]) for row in by_day] == [("2026-05-04", 2), ("2026-05-06", 1)]
    assert [row["name"] for row in (await shop.told("sessions", by="browser", **WEEK))["data"]] == ["Firefox"]
    funnel = await shop.told("funnel", **WEEK)
    assert [(step["name"], step["events"], step["sessions"], step["rate"]) for step in funnel["steps"]] == [
        ("impression", 4, 2, 0.6667),
        ("click", 2, 2, 1.0),
        ("view", 3, 2, 1.0),
        ("add", 1, 1, 0.5),
    ]
    assert (funnel["sessions"], funnel["rate"]) == (3, 0.3333)


async def test_attribution(shop):
    """What a response led to, directly and by the model, whose rule stands in the answer."""
    await fill(shop)
    told = await shop.told("attribution", token="T", **WEEK)
    (row,) = told["data"]
    assert row == told["totals"] | {"token": "T"}
    assert (row["shown"], row["direct_clicks"], row["modelled_views"], row["views"]) == (2, 1, 0.5, 0.5)
    assert "ten minutes" in told["rule"]
    nothing = await shop.told("attribution", token="other", **WEEK)
    assert (nothing["data"], nothing["totals"]["shown"], nothing["pagination"]["total_pages"]) == ([], 0, 0)


async def test_trend(street):
    """By hour, day, week and month of the shop, with empty ones, beside the time before; bots apart."""
    shop = await street.open('timezone = "America/Tegucigalpa"')
    await fill(shop)
    await shop.send(event("product_view", timestamp=at(days=-7)))
    told = await shop.told("trend", **WEEK)
    assert (told["timezone"], [point["start"] for point in told["points"]]) == (
        "America/Tegucigalpa",
        [f"2026-05-{day:02}" for day in range(4, 11)],
    )
    monday, wednesday = told["points"][0], told["points"][2]
    assert (monday["events"]["product_view"], monday["sessions"], monday["bots"]) == (2, 2, 1)
    assert (wednesday["events"]["product_view"], wednesday["events"]["search"]) == (1, 0)
    assert (told["totals"]["events"]["product_view"], told["before"]["events"]["product_view"]) == (3, 1)
    assert (told["change"]["product_view"], told["change"]["search"], told["change"]["sessions"]) == (2.0, None, 2.0)
    assert (told["before"]["since"], told["before"]["until"]) == ("2026-04-27", "2026-05-03")
    hours = (await shop.told("trend", interval="hour", **WEEK))["points"]
    assert len(hours) == 7 * 24
    assert [(hour["start"], hour["sessions"]) for hour in hours if hour["events"]["search"]] == [
        ("2026-05-04T03:00", None)
    ]
    for interval, start in (("week", "2026-05-04"), ("month", "2026-05-01")):
        (point,) = (await shop.told("trend", interval=interval, **WEEK))["points"]
        assert (point["start"], point["events"]["product_view"], point["sessions"]) == (start, 3, 3)


async def test_a_kind_that_only_a_later_version_counts_costs_no_trend(shop):
    """After a step back the rows of the later version are still there."""
    await fill(shop)
    await shop.counted()
    table = shop.running.platform.services.intake.table(TrendHour)
    row = {"tenant_id": shop.running.tenant(shop.slug).id, "day": DAY.date(), "hour": 9, "kind": "purchase"}
    async with shop.running.database.writing() as session:
        await session.execute(table.insert().values(**row, events=5, bots=0))
    for interval in ("hour", "day"):
        told = await shop.told("trend", interval=interval, **WEEK)
        assert "purchase" not in told["totals"]["events"]


LISTS = ("products", "searches", "collections", "blocks", "sessions", "attribution")


async def test_every_list_can_be_taken_along(shop):
    """As CSV with a header that no spreadsheet calculates with, and as lines of JSON; the same rows as the pages."""
    await fill(shop)
    await shop.counted()
    for name in LISTS:
        rows = (await shop.told(name, page_size=100, **WEEK))["data"]
        lines = (await shop.read(f"export/{name}", format="ndjson", **WEEK)).content.splitlines()
        assert [msgspec.json.decode(line) for line in lines] == rows, name
        answer = await shop.read(f"export/{name}", **WEEK)
        assert answer.headers["content-type"].startswith("text/csv")
        assert f"{name}-2026-05-04-2026-05-10.csv" in answer.headers["content-disposition"]
        table = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
        assert [list(row) for row in table] == [list(row) for row in rows], name
        assert len(table) == len(rows) > 0, name
    exported = await shop.read("export/collections", **WEEK)
    names = {row["name"] for row in csv.DictReader(io.StringIO(exported.content.decode("utf-8-sig")))}
    assert "'=summer" in names
    assert (await shop.read("export/secrets", **WEEK)).status_code in {404, 422}


WRONG = {
    "not a day": {"since": "yesterday"},
    "the wrong way round": {"since": "2026-05-10", "until": "2026-05-04"},
    "too long": {"since": "2020-01-01", "until": "2026-05-04"},
    "before all time": {"since": "0001-01-01", "until": "0001-01-02"},
    "another order": {"order": "price"},
    "a large page": {"page_size": "101"},
}


async def test_what_cannot_be_asked_is_refused(shop):
    """422 with the parameter; 403 without the scope; nothing of another shop."""
    for words, query in WRONG.items():
        answer = await shop.read("products", **query)
        assert answer.status_code == 422, words
    assert (await shop.read("trend", interval="hour", since="2026-01-01", until="2026-05-04")).status_code == 422
    key = await shop.key("secret")
    for name in (*LISTS, "funnel", "trend"):
        refused = await shop.running.client.get(f"/storefront/api/v1/{name}", headers={"X-API-Key": key})
        assert refused.status_code == 403, name


async def test_a_shop_reads_its_own(street):
    """Another shop's week is empty here."""
    full, empty = await street.open(), await street.open()
    await fill(full)
    await full.counted()
    assert (await empty.told("products", **WEEK))["data"] == []
    assert (await empty.told("funnel", **WEEK))["sessions"] == 0
