"""What the events of some days are made of: the top pages, referrers, campaigns, devices, countries, codes."""

from typing import Annotated, Any, Literal

from litestar.params import QueryParameter
from msgspec import Meta, Struct

from frontage.plugin import (
    FromPath,
    FromQuery,
    Injected,
    Page,
    PageNumber,
    PageSize,
    Pagination,
    Rollups,
    Since,
    Tenant,
    Until,
    get,
    period_of,
)
from frontage_landing_analytics.dimensions import OTHER
from frontage_landing_analytics.reports.words import API, WORDS
from frontage_landing_analytics.rollups import Breakdown

Dimension = Literal[
    "page", "referrer", "utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content",
    "device", "browser", "os", "country", "product", "qr",
]  # fmt: skip
Measure = Literal["views", "whatsapp_click", "call", "location_view", "product_click", "qr_scan", "conversions"]
Order = FromQuery[Annotated[Measure, QueryParameter(description="What the first have most of.")]]
Contains = FromQuery[Annotated[str, QueryParameter(max_length=100, description="Only values that contain this.")]]


class BreakdownRow(Struct, frozen=True):
    """One value, and what was done under it."""

    value: Annotated[str | None, Meta(description="Null: all others together, beyond the 200 of a day.")]
    views: int
    whatsapp_click: int
    call: int
    location_view: int
    product_click: int
    qr_scan: int
    conversions: int
    before: Annotated[int, Meta(description="What the list is ordered by, in as many days before.")]


class BreakdownPage(Page[BreakdownRow], frozen=True):
    """A page of values."""


@get(f"{API}/breakdown/{{dimension:str}}", **WORDS)
async def read_breakdown(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    dimension: FromPath[Dimension],
    since: Since = None,
    until: Until = None,
    order: Order = "views",
    contains: Contains = "",
    page: PageNumber = 1,
    page_size: PageSize = 25,
) -> BreakdownPage:
    """List the values of a dimension, the most frequent first."""
    period = period_of(tenant, since, until)
    which: dict[str, Any] = {"dimension": dimension, "since": period.since, "until": period.until}

    def matches(row: Any) -> Any:
        return row.value.contains(contains, autoescape=True)

    total = await rollups.count_groups(Breakdown, ("value",), having=matches, **which)
    found = await rollups.grouped(
        Breakdown, ("value",), having=matches, order=lambda row: row[order],
        limit=page_size, offset=(page - 1) * page_size, **which,
    )  # fmt: skip
    values, past = [row["value"] for row in found], period.before
    earlier = await rollups.grouped(
        Breakdown, ("value",), where=lambda row: row.value.in_(values),
        dimension=dimension, since=past.since, until=past.until,
    )  # fmt: skip
    before = {row["value"]: row[order] for row in earlier}
    return BreakdownPage([_row(row, before) for row in found], Pagination.of(page, page_size, total))


def _row(told: dict[str, Any], before: dict[str, int]) -> BreakdownRow:
    value = told.pop("value")
    return BreakdownRow(value=None if value == OTHER else value, before=before.get(value, 0), **told)
