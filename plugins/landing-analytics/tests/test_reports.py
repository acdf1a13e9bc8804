"""Reports: what a shop reads of some days, from counts alone, is what its events say."""

import asyncio
import csv
import io
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from frontage.plugin import to_short

from .chance import ZONES, send_at_random
from .shop import CONVERSION, LANDING, POLICIES, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOON = datetime(2026, 3, 11, 12, tzinfo=UTC)
"""A Wednesday."""
WEEK = {"since": "2026-03-09", "until": "2026-03-15"}


def start(interval: str, moment: datetime) -> str:
    """The interval in which a local moment lies, told in the plainest way."""
    day = moment.date()
    if interval == "hour":
        return f"{day}T{moment.hour:02}:00"
    if interval == "week":
        return str(day - timedelta(days=day.weekday()))
    return f"{day:%Y-%m}-01" if interval == "month" else str(day)


def within(rows: list[dict[str, Any]], zone: ZoneInfo, since: date, until: date) -> list[dict[str, Any]]:
    """The rows of some local days."""
    return [row for row in rows if since <= row["received"].astimezone(zone).date() <= until]


def daily_visitors(rows: list[dict[str, Any]], zone: ZoneInfo) -> int:
    """The distinct visitors of each day, added up."""
    seen = {(row["received"].astimezone(zone).date(), row["visitor"]) for row in rows if views(row)}
    return len(seen)


def views(row: dict[str, Any]) -> bool:
    return row["visitor"] is not None and row["type"] in {"pageview", "view"}


@pytest.mark.parametrize("name", ZONES)
async def test_a_trend_equals_the_raw_rows(street, clock, name):
    """Every point of every interval, both totals, and the visitors of days that reach up to today."""
    shop, zone = await street.open(head=f'timezone = "{name}"\n{POLICIES}'), ZoneInfo(name)
    await send_at_random(shop, clock, ZONES[name], 80, seed=len(name))
    rows = await shop.rows()
    today = max(row["received"] for row in rows).astimezone(zone).date()
    clock[0] = max(row["received"] for row in rows)
    for since, until in ((today - timedelta(days=7), today), (today - timedelta(days=4), today - timedelta(days=2))):
        days = {"since": str(since), "until": str(until)}
        here = within(rows, zone, since, until)
        for interval in ("hour", "day", "week", "month"):
            told = await shop.told("trend", interval=interval, **days)
            counts = Counter((start(interval, row["received"].astimezone(zone)), row["type"]) for row in here)
            points = {(point["start"], kind): n for point in told["points"] for kind, n in point["events"].items() if n}
            assert points == counts, f"{interval}s of {since}..{until}"
            assert len({point["start"] for point in told["points"]}) == len(told["points"])
        totals, whole = told["totals"], until - since + timedelta(days=1)
        assert totals["visitors"] == (len({row["visitor"] for row in here if views(row)}) if until == today else None)
        assert totals["daily_visitors"] == daily_visitors(here, zone)
        assert sum(point["daily_visitors"] for point in told["points"]) == totals["daily_visitors"]
        assert totals["anonymous"] == sum(row["visitor"] is None for row in here)
        earlier = within(rows, zone, since - whole, until - whole)
        assert sum(told["before"]["events"].values()) == len(earlier)
        assert told["before"]["daily_visitors"] == daily_visitors(earlier, zone)


async def test_bots_and_growth(shop, clock):
    """Bots are a number of their own; growth is told against as many days before, null against nothing."""
    for days, views_of_day in ((-7, 2), (0, 3)):
        clock[0] = NOON + timedelta(days=days)
        for _ in range(views_of_day):
            await shop.track()
    await shop.post(
        LANDING, {"tenant_id": shop.number, "event_type": "pageview"}, headers={"User-Agent": "Googlebot/2.1"}
    )
    told = await shop.told("trend", **WEEK)
    assert (told["totals"]["events"]["pageview"], told["totals"]["bots"]) == (3, 1)
    assert [point["bots"] for point in told["points"]] == [0, 0, 1, 0, 0, 0, 0]
    assert (told["change"]["pageview"], told["change"]["daily_visitors"], told["change"]["call"]) == (0.5, 0.0, None)


async def test_a_breakdown_lists_values_with_those_of_before(shop, clock):
    """The most frequent first, a page at a time, what they contain, by another measure; others are null."""
    clock[0] = NOON - timedelta(days=7)
    await shop.track(metadata={"page": "/menu", "utm_source": "mail"})
    clock[0] = NOON
    for page in ("/menu", "/menu", "/", *(f"/p/{number}" for number in range(205))):
        await shop.track(metadata={"page": page, "referrer": "https://www.t.co/x?y", "utm_source": "mail"})
    await shop.track("click_whatsapp", metadata={"page": "/"})
    told = await shop.told("breakdown/page", **WEEK)
    assert [(row["value"], row["views"], row["before"]) for row in told["data"][:2]] == [(None, 7, 0), ("/menu", 2, 1)]
    assert told["pagination"]["total_count"] == 201
    assert (await shop.told("breakdown/page", order="whatsapp_click", **WEEK))["data"][0]["value"] == "/"
    found = await shop.told("breakdown/page", contains="men", **WEEK)
    assert [row["value"] for row in found["data"]] == ["/menu"]
    for dimension, value in (("referrer", "t.co"), ("utm_source", "mail"), ("browser", "Firefox"), ("os", "Linux")):
        row = (await shop.told(f"breakdown/{dimension}", **WEEK))["data"][0]
        assert (row["value"], row["views"]) == (value, 208)


async def test_a_funnel_goes_from_view_to_contact_to_conversion(shop, clock):
    """Each step in events with its rate, people where they are known, and each way of contact by itself."""
    clock[0] = NOON
    for number in range(4):
        await shop.track(visitor=f"203.0.113.{number}")
    for kind in ("click_whatsapp", "click_call"):
        await shop.track(kind, visitor="203.0.113.1")
    await shop.post(CONVERSION, {"tenant_slug": shop.slug, "value": 5})
    told = await shop.told("funnel", **WEEK)
    assert [tuple(step.values()) for step in told["steps"]] == [
        ("view", 4, None, 4),
        ("contact", 2, 0.5, 1),
        ("conversion", 1, 0.5, None),
    ]
    assert [(way["name"], way["events"]) for way in told["ways"]] == [
        ("whatsapp_click", 1),
        ("call", 1),
        ("location_view", 0),
    ]
    assert told["rate"] == 0.25


async def test_money_is_decimal_and_each_currency_by_itself(shop, clock):
    """A tenth and two tenths are three tenths; a refund is taken off; nothing is summed across currencies."""
    for days, value, currency in ((-7, "9.99", "EUR"), (0, "0.1", "EUR"), (0, "0.2", "EUR"), (1, "-0.05", "EUR"), (1, "100", "HNL")):  # fmt: skip
        clock[0] = NOON + timedelta(days=days)
        await shop.post(CONVERSION, {"tenant_slug": shop.slug, "value": value, "currency": currency})
    told = await shop.told("revenue", **WEEK)
    euro, lempira = told["currencies"]
    assert [one["currency"] for one in (euro, lempira)] == ["EUR", "HNL"]
    numbers = {name: Decimal(euro[name]) for name in ("amount", "refunded", "before")}
    assert numbers == {"amount": Decimal("0.25"), "refunded": Decimal("0.05"), "before": Decimal("9.99")}
    assert (euro["sales"], euro["refunds"], Decimal(lempira["amount"])) == (2, 1, 100)
    assert [Decimal(point["amount"]) for point in euro["points"][2:4]] == [Decimal("0.3"), Decimal("-0.05")]


async def test_events_are_given_out_with_the_filters_of_the_query(shop, clock):
    """Each event once, over many pages, in both forms alike; no cell is a formula; the rest stays."""
    clock[0] = NOON - timedelta(days=7)
    await shop.track()
    clock[0] = NOON
    await asyncio.gather(*(shop.track(metadata={"page": "/menu"}) for _ in range(1005)))
    await shop.track("click_call", metadata={"page": "/", "note": "ä\n,"}, visitor="203.0.113.9")
    body = {"tenant_slug": shop.slug, "value": "1234567.10", "currency": "EUR", "transaction_id": "=1+1"}
    await shop.post(CONVERSION, body)
    stored = {to_short(row["id"]): row for row in await shop.rows()}
    lines = await export(shop, format="ndjson", **WEEK)
    rows = [msgspec.json.decode(line) for line in lines.splitlines()]
    assert len(rows) == len({row["id"] for row in rows}) == 1007 == len(stored) - 1
    table = list(csv.DictReader(io.StringIO((await export(shop, **WEEK)).decode("utf-8-sig"))))
    assert [row["id"] for row in table] == [row["id"] for row in rows]
    (sold,) = (row for row in table if row["source"] == "conversion")
    assert (Decimal(sold["value"]), sold["transaction_id"]) == (Decimal("1234567.1"), "'=1+1")
    (called,) = [
        msgspec.json.decode(line) for line in (await export(shop, type="call", format="ndjson", **WEEK)).splitlines()
    ]
    assert (called["metadata"], called["page"]) == ({"page": "/", "note": "ä\n,"}, "/")
    for filters, count in (({"page": "/menu"}, 1005), ({"visitor": called["visitor"]}, 1), ({"source": "commerce"}, 0)):
        assert len((await export(shop, format="ndjson", **filters, **WEEK)).splitlines()) == count, filters


async def export(shop: Shop, **parameters: str) -> bytes:
    """The events as a file."""
    headers = {"X-API-Key": await shop.key("secret", "analytics:read")}
    path = "/analytics/api/v1/export/events"
    answer = await shop.running.client.get(path, params=parameters, headers=headers)
    assert answer.status_code == 200, answer.text
    assert 'filename="events-2026-03-09-2026-03-15.' in answer.headers["content-disposition"]
    return answer.content


REFUSED = {
    "a type that is none": ("export/events?type=visit", 422, "type"),
    "a day that is none": ("trend?since=soon", 422, "since"),
    "a first day after the last": ("trend?since=2026-03-02&until=2026-03-01", 422, "since"),
    "more days than are told": ("funnel?since=2020-01-01&until=2026-01-01", 422, "since"),
    "hours of a quarter": ("trend?since=2026-01-01&until=2026-03-31&interval=hour", 422, "interval"),
    "money by the hour": ("revenue?interval=hour", 422, "interval"),
    "a dimension that is none": ("breakdown/visitor", 422, "dimension"),
    "a page beyond all": ("breakdown/page?page_size=101", 422, "page_size"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_cannot_be_told_is_refused(corner, case):
    """With the parameter that is wrong."""
    path, status, field = REFUSED[case]
    answer = await corner.read(f"/analytics/api/v1/{path}")
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (status, [field])


async def test_a_report_is_read_by_its_own_shop_alone(street, shop: Shop, clock):
    """Another's numbers are in none; a publishable key and one without the scope are refused."""
    clock[0] = NOON
    await shop.track()
    other = await street.open()
    for report in ("trend", "funnel", "revenue", "breakdown/page", "export/events"):
        for key, status in (
            (await shop.key("publishable", "analytics:read"), 403),
            (await shop.key("secret"), 403),
            ("", 401),
        ):
            answer = await street.running.client.get(
                f"/analytics/api/v1/{report}", headers={"X-API-Key": key} if key else {}
            )
            assert answer.status_code == status
    assert (await other.told("trend", **WEEK))["totals"]["events"]["pageview"] == 0
    assert (await other.told("breakdown/page", **WEEK))["data"] == []


async def test_countries_are_told_where_a_trusted_proxy_does(shop):
    """By breakdown, in the file and as its filter; of somebody who wants no trace there is none, whatever the proxy says."""
    for country, signal in (("HN", {}), ("HN", {}), ("us", {}), ("XX", {}), ("HN", {"Sec-GPC": "1"})):
        body = {"tenant_id": shop.number, "event_type": "pageview"}
        assert (await shop.post(LANDING, body, headers={"CF-IPCountry": country, **signal})).status_code == 200
    told = await shop.told("breakdown/country")
    assert {row["value"]: row["views"] for row in told["data"]} == {"HN": 2, "US": 1}
    headers = {"X-API-Key": await shop.key("secret", "analytics:read")}
    path = "/analytics/api/v1/export/events?format=ndjson"
    lines = (await shop.running.client.get(f"{path}&country=HN", headers=headers)).text.splitlines()
    assert [msgspec.json.decode(line)["country"] for line in lines] == ["HN", "HN"]
    file = (await shop.running.client.get("/analytics/api/v1/export/events", headers=headers)).text
    assert Counter(
        row["country"] for row in csv.DictReader(io.StringIO(file.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")))
    ) == {"HN": 2, "US": 1, "": 2}
