"""The funnel of a landing page: somebody views it, turns to the shop, and buys."""

from typing import Annotated

from msgspec import Meta, Struct

from frontage.plugin import Injected, Rate, Rollups, Since, Tenant, Until, get, period_of, rate
from frontage_landing_analytics.reports.words import API, WORDS
from frontage_landing_analytics.rollups import DayCount

_WAYS = ("whatsapp_click", "call", "location_view")


class FunnelStep(Struct, frozen=True):
    """One step."""

    name: str
    events: int
    rate: Annotated[Rate, Meta(description="Events by those of the step before.")]
    daily_visitors: Annotated[
        int | None, Meta(description="Distinct visitors of each day, added up; payments do not tell theirs.")
    ]


class Way(Struct, frozen=True):
    """One way of turning to the shop."""

    name: str
    events: int
    rate: Annotated[Rate, Meta(description="By views.")]


class Funnel(Struct, frozen=True):
    """View, contact, conversion."""

    timezone: str
    steps: list[FunnelStep]
    ways: list[Way]
    rate: Annotated[Rate, Meta(description="Conversions by views.")]


@get(f"{API}/funnel", **WORDS)
async def read_funnel(
    rollups: Injected[Rollups], tenant: Injected[Tenant], since: Since = None, until: Until = None
) -> Funnel:
    """Tell how many views led to WhatsApp, a call or the map, and how many conversions there were."""
    period = period_of(tenant, since, until)
    (row,) = await rollups.grouped(DayCount, (), since=period.since, until=period.until)
    views = row["pageview"] + row["view"]
    contacts = sum(row[way] for way in _WAYS)
    conversions = row["conversion"] + row["purchase"]
    steps = [
        FunnelStep("view", views, None, row["visitors"]),
        FunnelStep("contact", contacts, rate(contacts, views), row["clickers"]),
        FunnelStep("conversion", conversions, rate(conversions, contacts), None),
    ]
    ways = [Way(way, row[way], rate(row[way], views)) for way in _WAYS]
    return Funnel(period.timezone, steps, ways, rate(conversions, views))
