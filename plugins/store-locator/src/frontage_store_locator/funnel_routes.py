"""What a shop is told of its visitors: `GET …/funnel`."""

from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from frontage.plugin import FromQuery, Injected, Rollups, Tenant, get, invalid, not_found, secret_key, utc_now
from frontage_store_locator.settings import Settings
from frontage_store_locator.streams import FunnelDay

_USUAL_DAYS = 30
_MOST_DAYS = 366


class FunnelCounts(Struct, frozen=True):
    """How often what happened."""

    loads: Annotated[int, Meta(description="The widget was loaded.")] = 0
    searches: Annotated[int, Meta(description="A visitor searched.")] = 0
    searches_without_result: Annotated[int, Meta(description="Answers without a place within the radius.")] = 0
    store_clicks: Annotated[int, Meta(description="A place was looked at.")] = 0
    direction_clicks: Annotated[int, Meta(description="Directions to a place were asked for.")] = 0


class FunnelOfDay(FunnelCounts, frozen=True, kw_only=True):
    """One day of it."""

    date: date


class FunnelReport(Struct, frozen=True):
    """What visitors did from one day to another, days of the tenant's time zone."""

    counting: Annotated[bool, Meta(description="Whether the tenant's setting `funnel` is on.")]
    since: date
    until: date
    totals: FunnelCounts
    days: Annotated[list[FunnelOfDay], Meta(description="Every day of the range, the oldest first.")]


@get(
    "/locations/api/v1/funnel",
    tenant=secret_key("analytics:read"),
    limit=("secret",),
    off=not_found,
    tags=["Funnel"],
)
async def read_funnel(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
) -> FunnelReport:
    """Tell what visitors did by day; without a range the last thirty days, at most 366."""
    last = until or utc_now().astimezone(tenant.timezone).date()
    first = since or date.fromordinal(max(1, last.toordinal() - _USUAL_DAYS + 1))
    if first > last:
        raise invalid("since", "Expected a day that is not after `until`.")
    if (last - first).days >= _MOST_DAYS:
        raise invalid("since", f"Expected at most {_MOST_DAYS} days in all.")
    found = {row.day: row for row in await rollups.rows(FunnelDay, since=first, until=last)}
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    told = [FunnelOfDay(date=day, **_counts(found[day])) if day in found else FunnelOfDay(date=day) for day in days]
    totals = {name: sum(getattr(one, name) for one in told) for name in FunnelCounts.__struct_fields__}
    return FunnelReport(settings.funnel, first, last, FunnelCounts(**totals), told)


def _counts(row: FunnelDay) -> dict[str, int]:
    return {name: getattr(row, name) for name in FunnelCounts.__struct_fields__}


funnel_routes = [read_funnel]
