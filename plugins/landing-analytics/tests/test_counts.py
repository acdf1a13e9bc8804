"""Counts are right: what the dashboard reads equals what the raw rows say, in every zone, at midnight and across DST."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontage.intake.recount import recount
from frontage_landing_analytics.rollups import Breakdown, DayCount

from .chance import ZONES, send_at_random
from .shop import EVENTS, POLICIES, Shop

pytestmark = pytest.mark.asyncio(loop_scope="module")


def expected(rows: list[dict[str, Any]], zone: str, today: date) -> dict[str, Any]:
    """The dashboard's numbers, told from the raw rows alone and in the plainest way."""
    days = [today - timedelta(days=back) for back in reversed(range(7))]
    week = [row for row in rows if row["received"].astimezone(ZoneInfo(zone)).date() in days]

    def visitors(some: list[date]) -> int:
        return len(
            {
                row["visitor"]
                for row in week
                if row["visitor"]
                and row["type"] in {"pageview", "view"}
                and row["received"].astimezone(ZoneInfo(zone)).date() in some
            }
        )

    def count(kind: str) -> int:
        return sum(row["type"] == kind for row in week)

    timed = [row for row in week if row["type"] == "time_on_page" and row["visitor"]]
    people = len({row["visitor"] for row in timed})
    seconds = sum(row["milliseconds"] for row in timed) / 1000
    return {
        "visitors_today": visitors([today]),
        "visitors_week": visitors(days),
        "whatsapp_clicks": count("whatsapp_click"),
        "call_clicks": count("call"),
        "currency_toggles": count("currency_toggle"),
        "qr_scans": count("qr_scan"),
        "avg_time_on_page": int(seconds / people + 0.5) if people else 0,
        "last_7_days": [{"date": day.isoformat(), "visitors": visitors([day])} for day in days],
    }


@pytest.mark.parametrize("zone", ZONES)
async def test_the_dashboard_equals_the_raw_rows(street, clock, zone):
    """On the last day of all events and on the seven after it; and a recount of every table finds nothing to mend."""
    shop = await street.open(head=f'timezone = "{zone}"\n{POLICIES}')
    await send_at_random(shop, clock, ZONES[zone], 120, seed=len(zone))
    await shop.counted()
    rows = await shop.rows()
    last = max(row["received"] for row in rows)
    for later in (0, 1, 3, 7):
        clock[0] = last + timedelta(days=later)
        data = (await shop.read()).json()["data"]
        assert data == expected(rows, zone, clock[0].astimezone(ZoneInfo(zone)).date()), f"{later} days later"
        days = [one["visitors"] for one in data["last_7_days"]]
        assert len(days) == 7
        assert max(days) <= data["visitors_week"] <= sum(days)
    assert await differences(shop) == []


async def test_an_evening_belongs_to_its_own_day(street, clock):
    """C5 fault 3: at nine in the evening in Caracas it is still today, although UTC has another day."""
    shop = await street.open(head=f'timezone = "America/Caracas"\n{POLICIES}')
    clock[0] = datetime(2026, 3, 9, 1, tzinfo=UTC)
    await shop.track("pageview")
    await shop.track("click_whatsapp")
    data = await shop.week()
    assert (data["visitors_today"], data["whatsapp_clicks"], data["last_7_days"][-1]["date"]) == (1, 1, "2026-03-08")
    assert (await shop.today())["whatsapp_clicks"] == 1
    clock[0] = datetime(2026, 3, 9, 4, 30, tzinfo=UTC)
    assert (await shop.today())["whatsapp_clicks"] == 0


async def test_a_change_of_zone_holds_from_the_next_day_and_loses_nothing(street, clock, monkeypatch):
    """The invariants hold through it, whichever way the clocks go."""
    monkeypatch.setattr("frontage.tenants.registry.utc_now", lambda: clock[0])
    shop = await street.open(head=f'timezone = "Asia/Tokyo"\n{POLICIES}')
    clock[0] = datetime(2026, 3, 8, 0, tzinfo=UTC)
    for hour in range(0, 96, 3):
        clock[0] += timedelta(hours=3)
        if hour in {24, 60}:
            zone = {24: "America/Los_Angeles", 60: "Pacific/Auckland"}[hour]
            await street.change(shop, f'timezone = "{zone}"\n{POLICIES}')
        await shop.track("pageview", visitor=f"203.0.113.{hour % 5}")
        data = await shop.week()
        days = [one["visitors"] for one in data["last_7_days"]]
        assert data["visitors_today"] >= 1
        assert max(days) <= data["visitors_week"] <= sum(days)
    assert await differences(shop) == []
    assert sum(row["pageview"] for row in await shop.counts(DayCount)) == 32


async def test_a_day_has_a_bounded_number_of_pages_and_no_view_is_lost(shop):
    """The first two hundred pages of a day have rows of their own, what comes after them is one row."""
    for number in range(230):
        await shop.track("pageview", metadata={"page": f"/p/{number}", "utm_source": "mail"})
    await shop.track("pageview", metadata={"page": "/p/0"})
    pages = {row["value"]: row["views"] for row in await shop.counts(Breakdown) if row["dimension"] == "page"}
    assert len(pages) == 201
    assert (pages["(other)"], pages["/p/0"], sum(pages.values())) == (30, 2, 231)
    assert await differences(shop) == []


async def differences(shop: Shop) -> list[Any]:
    """What a recount would mend."""
    zone_of = shop.running.platform.services.directory.zone_of
    return await recount(shop.running.database, EVENTS, shop.tenant_id, zone_of)
