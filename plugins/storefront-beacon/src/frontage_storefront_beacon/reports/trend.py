"""Numbers over time, in the shop's own hours, days, weeks or months, beside those of the time before."""

from datetime import date
from typing import Annotated, Any

from msgspec import Meta, Struct

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
)
from frontage_storefront_beacon.interaction import KINDS
from frontage_storefront_beacon.reports.list_routes import API, WORDS
from frontage_storefront_beacon.rollups import SessionDay, TrendHour


class TrendPoint(Struct, frozen=True):
    """One interval."""

    start: Annotated[str, Meta(description="The day on which it begins, with the hour for hours, both the shop's own.")]
    events: dict[str, int]
    sessions: Annotated[int | None, Meta(description="By day and more; null for hours.")]
    bots: Annotated[int, Meta(description="Events of known bots, which are in no other number.")]


class TrendTotals(Struct, frozen=True):
    """A whole time."""

    since: date
    until: date
    events: dict[str, int]
    sessions: int
    bots: int


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
    points = await _points(rollups, period, interval)
    totals, before = [await _totals(rollups, days) for days in (period, period.before)]
    change = {kind: growth(totals.events[kind], before.events[kind]) for kind in KINDS}
    change["sessions"] = growth(totals.sessions, before.sessions)
    return Trend(period.timezone, interval, points, totals, before, change)


def _known(row: Any) -> Any:
    """What this version counts; rows of a later one may still be there."""
    return row.kind.in_(KINDS)


async def _points(rollups: Rollups, period: Period, interval: Interval) -> list[TrendPoint]:
    points = {start: {"events": dict.fromkeys(KINDS, 0), "sessions": 0, "bots": 0} for start in period.starts(interval)}
    hours = await rollups.grouped(
        TrendHour, ("day", "hour", "kind"), since=period.since, until=period.until, having=_known
    )
    for row in hours:
        point: Any = points[start_of(interval, row["day"], row["hour"])]
        point["events"][row["kind"]] += row["events"]
        point["bots"] += row["bots"]
    for row in await rollups.grouped(SessionDay, ("day",), since=period.since, until=period.until):
        point = points[start_of(interval, row["day"])]
        point["sessions"] += row["sessions"]
    if interval == "hour":
        points = {start: point | {"sessions": None} for start, point in points.items()}
    return [TrendPoint(start, **point) for start, point in points.items()]  # type: ignore[arg-type]


async def _totals(rollups: Rollups, period: Period) -> TrendTotals:
    days = {"since": period.since, "until": period.until}
    events, bots = dict.fromkeys(KINDS, 0), 0
    for row in await rollups.grouped(TrendHour, ("kind",), having=_known, **days):  # type: ignore[arg-type]
        events[row["kind"]] = row["events"]
        bots += row["bots"]
    (sessions,) = await rollups.grouped(SessionDay, (), **days)  # type: ignore[arg-type]
    return TrendTotals(period.since, period.until, events, sessions["sessions"], bots)
