"""What of a shop's events was not kept in some days, by reason."""

from collections import Counter
from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from frontage.plugin import Injected, Period, Rollups, Since, Tenant, Until, get, period_of
from frontage_landing_analytics.reports.words import API, WORDS
from frontage_landing_analytics.rollups import DropDay
from frontage_landing_analytics.streams import DROP_REASONS

_MEANING = (
    "`own_visit`, `privacy_signal`: as the shop has set it. `rate_limited`: over a limit. `unknown_product`: of none "
    "that the shop has told of. `no_room`: nothing could be kept. `failed`: our own fault."
)


class DroppedDay(Struct, frozen=True):
    """One of the shop's days."""

    day: date
    events: dict[str, int]


class DropReport(Struct, frozen=True):
    """Every reason, also those of which there was none, in these days and in as many before."""

    timezone: str
    events: Annotated[dict[str, int], Meta(description=_MEANING)]
    before: dict[str, int]
    days: list[DroppedDay]


@get(f"{API}/drops", **WORDS)
async def read_drops(
    rollups: Injected[Rollups], tenant: Injected[Tenant], since: Since = None, until: Until = None
) -> DropReport:
    """Tell how many events were not kept, and why; of events that name no tenant nobody knows whose they were."""
    period = period_of(tenant, since, until)
    told, before = await _by_day(rollups, period), await _by_day(rollups, period.before)
    days = [DroppedDay(date.fromisoformat(day), _all(told.get(day, Counter()))) for day in period.starts("day")]
    return DropReport(period.timezone, _all(_sum(told)), _all(_sum(before)), days)


async def _by_day(rollups: Rollups, period: Period) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for row in await rollups.rows(DropDay, since=period.since, until=period.until):
        found.setdefault(row.day.isoformat(), Counter())[row.reason] += row.events
    return found


def _sum(days: dict[str, Counter[str]]) -> Counter[str]:
    return sum(days.values(), Counter())


def _all(counted: Counter[str]) -> dict[str, int]:
    return {reason: counted[reason] for reason in DROP_REASONS}
