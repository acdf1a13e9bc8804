"""Money, each currency by itself: nobody knows what a lempira and a euro are together."""

from collections import defaultdict
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from frontage.plugin import (
    Injected,
    Interval,
    IntervalChoice,
    Period,
    Rollups,
    Since,
    Tenant,
    Until,
    get,
    invalid,
    period_of,
    start_of,
)
from frontage_landing_analytics.reports.words import API, WORDS
from frontage_landing_analytics.rollups import Revenue

Money = Annotated[Decimal, Meta(description="Decimal digits as text: no cent is lost on the way.")]


class RevenuePoint(Struct, frozen=True):
    """One interval."""

    start: Annotated[str, Meta(description="The day on which it begins, the shop's own.")]
    amount: Money


class CurrencyRevenue(Struct, frozen=True):
    """The money of one currency."""

    currency: str
    amount: Annotated[Decimal, Meta(description="Sales less refunds, as decimal digits.")]
    sales: Annotated[int, Meta(description="How many.")]
    refunds: Annotated[int, Meta(description="How many.")]
    refunded: Money
    before: Annotated[Decimal, Meta(description="The amount of as many days before.")]
    points: list[RevenuePoint]


class RevenueReport(Struct, frozen=True):
    """The currencies in which there was money in these days or before."""

    timezone: str
    interval: Interval
    currencies: list[CurrencyRevenue]


@get(f"{API}/revenue", **WORDS)
async def read_revenue(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    interval: IntervalChoice = "day",
) -> RevenueReport:
    """Tell what was earned, by currency, and in as many days before."""
    if interval == "hour":
        raise invalid("interval", "Expected `day`, `week` or `month`: money is counted by day.")
    period = period_of(tenant, since, until, interval)
    rows = await _by_currency(rollups, period)
    earlier = await _by_currency(rollups, period.before)
    told = [_told(name, rows[name], earlier[name], period, interval) for name in sorted({*rows, *earlier})]
    return RevenueReport(period.timezone, interval, told)


async def _by_currency(rollups: Rollups, period: Period) -> defaultdict[str, list[Revenue]]:
    found: defaultdict[str, list[Revenue]] = defaultdict(list)
    for row in await rollups.rows(Revenue, since=period.since, until=period.until):
        found[row.currency].append(row)
    return found


def _told(
    currency: str, rows: list[Revenue], earlier: list[Revenue], period: Period, interval: Interval
) -> CurrencyRevenue:
    points = dict.fromkeys(period.starts(interval), Decimal(0))
    for row in rows:
        points[start_of(interval, row.day)] += row.amount
    return CurrencyRevenue(
        currency=currency,
        amount=_sum(rows, "amount"),
        sales=sum(row.sales for row in rows),
        refunds=sum(row.refunds for row in rows),
        refunded=_sum(rows, "refunded"),
        before=_sum(earlier, "amount"),
        points=[RevenuePoint(start, amount) for start, amount in points.items()],
    )


def _sum(rows: list[Revenue], field: str) -> Decimal:
    return sum((getattr(row, field) for row in rows), Decimal(0))
