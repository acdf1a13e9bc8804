"""Numbers over time, in the shop's own hours, days, weeks or months, beside those of the time before."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

from litestar.params import QueryParameter
from msgspec import Meta, Struct

from frontage.plugin import FromQuery, Injected, Rollups, Tenant, get, invalid
from frontage_storefront_beacon.interaction import KINDS
from frontage_storefront_beacon.reports.list_routes import API, WORDS
from frontage_storefront_beacon.reports.period import Period, Since, Until, period_of
from frontage_storefront_beacon.reports.rows import Rate, rate
from frontage_storefront_beacon.rollups import SessionDay, TrendHour

Interval = Literal["hour", "day", "week", "month"]
_MOST_HOURLY_DAYS = 31
Choice = FromQuery[
    Annotated[Interval, QueryParameter(description=f"`hour` goes for {_MOST_HOURLY_DAYS} days at most.")]
]


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
    interval: Choice = "day",
) -> Trend:
    """Tell how the numbers went, and how they were in as many days before."""
    period = period_of(tenant, since, until)
    if interval == "hour" and period.days > _MOST_HOURLY_DAYS:
        raise invalid("interval", f"Expected at most {_MOST_HOURLY_DAYS} days for hours.")
    points = await _points(rollups, period, interval)
    totals, before = [await _totals(rollups, days) for days in (period, period.before)]
    change = {kind: _growth(totals.events[kind], before.events[kind]) for kind in KINDS}
    change["sessions"] = _growth(totals.sessions, before.sessions)
    return Trend(period.timezone, interval, points, totals, before, change)


def _known(row: Any) -> Any:
    """What this version counts; rows of a later one may still be there."""
    return row.kind.in_(KINDS)


def _growth(now: int, before: int) -> float | None:
    return rate(now - before, before)


async def _points(rollups: Rollups, period: Period, interval: Interval) -> list[TrendPoint]:
    start_of = _STARTS[interval]
    points = {
        start: {"events": dict.fromkeys(KINDS, 0), "sessions": 0, "bots": 0} for start in _starts(period, interval)
    }
    hours = await rollups.grouped(
        TrendHour, ("day", "hour", "kind"), since=period.since, until=period.until, having=_known
    )
    for row in hours:
        point: Any = points[start_of(row["day"], row["hour"])]
        point["events"][row["kind"]] += row["events"]
        point["bots"] += row["bots"]
    for row in await rollups.grouped(SessionDay, ("day",), since=period.since, until=period.until):
        point = points[start_of(row["day"], 0)]
        point["sessions"] += row["sessions"]
    if interval == "hour":
        points = {start: point | {"sessions": None} for start, point in points.items()}
    return [TrendPoint(start, **point) for start, point in points.items()]  # type: ignore[arg-type]


def _starts(period: Period, interval: Interval) -> Iterator[str]:
    hours = range(24) if interval == "hour" else range(1)
    for number in range(period.days):
        for hour in hours:
            yield _STARTS[interval](period.since + timedelta(days=number), hour)


def _hour(day: date, hour: int) -> str:
    return datetime(day.year, day.month, day.day, hour).isoformat(timespec="minutes")  # noqa: DTZ001  # the shop's own


_STARTS: dict[Interval, Callable[[date, int], str]] = {
    "hour": _hour,
    "day": lambda day, _: day.isoformat(),
    "week": lambda day, _: (day - timedelta(days=day.weekday())).isoformat(),
    "month": lambda day, _: day.replace(day=1).isoformat(),
}


async def _totals(rollups: Rollups, period: Period) -> TrendTotals:
    days = {"since": period.since, "until": period.until}
    events, bots = dict.fromkeys(KINDS, 0), 0
    for row in await rollups.grouped(TrendHour, ("kind",), having=_known, **days):  # type: ignore[arg-type]
        events[row["kind"]] = row["events"]
        bots += row["bots"]
    (sessions,) = await rollups.grouped(SessionDay, (), **days)  # type: ignore[arg-type]
    return TrendTotals(period.since, period.until, events, sessions["sessions"], bots)
