"""Numbers over time, in the shop's own hours, days, weeks or months, beside those of as many days before."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct
from sqlalchemy import and_

from frontage.plugin import (
    Injected,
    Interval,
    IntervalChoice,
    Period,
    Rate,
    Rollups,
    Since,
    Tenant,
    Until,
    get,
    growth,
    period_of,
    start_of,
    utc_now,
)
from frontage_landing_analytics.dashboard import average_seconds
from frontage_landing_analytics.reports.words import API, TYPES, WORDS
from frontage_landing_analytics.rollups import BotDay, DayCount, QuarterCount


class TrendPoint(Struct):
    """One interval."""

    start: Annotated[str, Meta(description="The day on which it begins, with the hour for hours, both the shop's own.")]
    events: dict[str, int]
    daily_visitors: Annotated[
        int | None, Meta(description="The distinct visitors of its days, added up; null for hours.")
    ] = 0
    bots: Annotated[int | None, Meta(description="Events of bots, in no other number; null for hours.")] = 0


class TrendTotals(Struct, frozen=True):
    """A whole time."""

    since: date
    until: date
    events: dict[str, int]
    visitors: Annotated[
        int | None, Meta(description="Distinct visitors; null where the days do not reach up to today.")
    ]
    daily_visitors: Annotated[int, Meta(description="The distinct visitors of its days, added up.")]
    average_seconds: Annotated[int, Meta(description="Time on page for each visitor of each day.")]
    anonymous: Annotated[int, Meta(description="Events without a visitor, as a privacy signal asked for.")]
    bots: Annotated[int, Meta(description="Events of bots, which are in no other number.")]


class Trend(Struct, frozen=True):
    """Points in their order, their sum, and that of as many days before."""

    timezone: str
    interval: Interval
    points: list[TrendPoint]
    totals: TrendTotals
    before: TrendTotals
    change: Annotated[dict[str, Rate], Meta(description="Growth against the time before: 0.5 is half as much again.")]


@get(f"{API}/trend", **WORDS)
async def read_trend(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    interval: IntervalChoice = "day",
) -> Trend:
    """Tell how the numbers went, and how they were in as many days before."""
    period = period_of(tenant, since, until, interval)
    today = tenant.day_at(utc_now())
    totals, before = await _totals(rollups, period, today), await _totals(rollups, period.before, today)
    points = await (_hours(rollups, period, tenant) if interval == "hour" else _days(rollups, period, interval))
    change = {kind: growth(totals.events[kind], before.events[kind]) for kind in TYPES}
    change["daily_visitors"] = growth(totals.daily_visitors, before.daily_visitors)
    return Trend(period.timezone, interval, list(points.values()), totals, before, change)


async def _totals(rollups: Rollups, period: Period, today: date) -> TrendTotals:
    rows = await rollups.rows(DayCount, since=period.since, until=period.until)
    stayers = sum(row.stayers for row in rows)
    return TrendTotals(
        since=period.since,
        until=period.until,
        events=_events(rows),
        # A visitor who came back later is counted on that later day.
        visitors=sum(row.visitors_last for row in rows) if period.until >= today else None,
        daily_visitors=sum(row.visitors for row in rows),
        average_seconds=average_seconds(sum(row.milliseconds for row in rows), stayers),
        anonymous=sum(row.anonymous for row in rows),
        bots=await rollups.total(BotDay.events, since=period.since, until=period.until),
    )


def _events(rows: Iterable[Any]) -> dict[str, int]:
    told = list(rows)
    return {kind: sum(getattr(row, kind) for row in told) for kind in TYPES}


def _empty(period: Period, interval: Interval) -> dict[str, TrendPoint]:
    return {start: TrendPoint(start, dict.fromkeys(TYPES, 0)) for start in period.starts(interval)}


async def _days(rollups: Rollups, period: Period, interval: Interval) -> dict[str, TrendPoint]:
    points: dict[str, Any] = _empty(period, interval)
    for row in await rollups.rows(DayCount, since=period.since, until=period.until):
        point = points[start_of(interval, row.day)]
        point.daily_visitors += row.visitors
        for kind in TYPES:
            point.events[kind] += getattr(row, kind)
    for bots in await rollups.rows(BotDay, since=period.since, until=period.until):
        points[start_of(interval, bots.day)].bots += bots.events
    return points


async def _hours(rollups: Rollups, period: Period, tenant: Tenant) -> dict[str, TrendPoint]:
    """Quarters of an hour, gathered into the hours of the tenant's clock; an hour that it repeats is one."""
    points = _empty(period, "hour")
    first, after = (_midnight(tenant, day) for day in (period.since, period.until + timedelta(days=1)))
    quarters = await rollups.grouped(QuarterCount, ("at",), where=lambda row: and_(row.at >= first, row.at < after))
    for row in quarters:
        at = row["at"].astimezone(tenant.timezone)
        events = points[start_of("hour", at.date(), at.hour)].events
        for kind in TYPES:
            events[kind] += row[kind]
    for point in points.values():
        point.daily_visitors = point.bots = None
    return points


def _midnight(tenant: Tenant, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=tenant.timezone).astimezone(UTC)
