"""The funnel: from a product that is shown to one in the cart, in events and in sessions."""

from typing import Annotated

from msgspec import Meta, Struct

from frontage.plugin import Injected, Rate, Rollups, Since, Tenant, Until, get, period_of, rate
from frontage_storefront_beacon.reports.list_routes import API, WORDS
from frontage_storefront_beacon.rollups import ProductDay, SessionDay


class FunnelStep(Struct, frozen=True):
    """One step."""

    name: str
    events: int
    sessions: Annotated[int, Meta(description="Sessions that came here after all steps before, on one day.")]
    rate: Annotated[Rate, Meta(description="Sessions by those of the step before.")]


class Funnel(Struct, frozen=True):
    """Impression, click, view, addition to the cart."""

    timezone: str
    sessions: Annotated[int, Meta(description="All sessions.")]
    steps: list[FunnelStep]
    rate: Annotated[Rate, Meta(description="Sessions of the last step by all.")]


_STEPS = (
    ("impression", "impressions", "impressed"),
    ("click", "clicks", "clicked"),
    ("view", "views", "viewed"),
    ("add", "adds", "added"),
)


@get(f"{API}/funnel", **WORDS)
async def read_funnel(
    rollups: Injected[Rollups], tenant: Injected[Tenant], since: Since = None, until: Until = None
) -> Funnel:
    """Tell how many sessions went from an impression to a click, a view, and the cart, in this order."""
    period = period_of(tenant, since, until)
    days = {"since": period.since, "until": period.until}
    (events,) = await rollups.grouped(ProductDay, (), **days)  # type: ignore[arg-type]
    (sessions,) = await rollups.grouped(SessionDay, (), **days)  # type: ignore[arg-type]
    steps, before = [], sessions["sessions"]
    for name, event, reached in _STEPS:
        steps.append(FunnelStep(name, events[event], sessions[reached], rate(sessions[reached], before)))
        before = sessions[reached]
    return Funnel(period.timezone, sessions["sessions"], steps, rate(before, sessions["sessions"]))
