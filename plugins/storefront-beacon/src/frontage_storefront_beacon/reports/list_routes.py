"""The reports that are lists."""

from typing import Annotated, Any

from litestar.response import Stream
from msgspec import Meta

from frontage.plugin import (
    FileFormat,
    FromPath,
    FromQuery,
    Injected,
    Page,
    PageNumber,
    PageSize,
    Problem,
    Rollups,
    Since,
    Tenant,
    Until,
    get,
    not_found,
    period_of,
    secret_key,
)
from frontage_storefront_beacon.reports import choices
from frontage_storefront_beacon.reports.rows import AttributionRow, ListRow, ProductRow, SearchRow, SessionRow
from frontage_storefront_beacon.rollups import TokenDay

API = "/storefront/api/v1"
WORDS: dict[str, Any] = {
    "tenant": secret_key("analytics:read"),
    "limit": ("secret",),
    "off": not_found,
    "tags": ["Storefront analytics"],
}
RULE = (
    "Direct: events that carry the token. Modelled: clicks, views and additions to the cart without a token, in the "
    "same session and on the same day, at most ten minutes after the last event with a token; in full for two "
    "minutes, half after that. Each counts to one token alone."
)


class ProductPage(Page[ProductRow], frozen=True):
    """A page of products."""


class SearchPage(Page[SearchRow], frozen=True):
    """A page of queries."""


class ListPage(Page[ListRow], frozen=True):
    """A page of collections or blocks."""


class SessionPage(Page[SessionRow], frozen=True):
    """A page of kinds of sessions."""


class AttributionPage(Page[AttributionRow], frozen=True):
    """A page of tokens, and all of them together."""

    totals: AttributionRow
    rule: Annotated[str, Meta(description="How outcomes come to a token.")]


@get(f"{API}/products", **WORDS)
async def read_products(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    by: choices.ByProducts = "product",
    order: choices.OrderOfProducts = "impressions",
    product_id: choices.ProductId = None,
    page: PageNumber = 1,
    page_size: PageSize = 25,
) -> ProductPage:
    """List what became of products: shown, clicked, seen, put into the cart; by product, by position, or by both."""
    report = choices.products(by, order, product_id)
    return ProductPage(*await report.page(rollups, period_of(tenant, since, until), page, page_size))


@get(f"{API}/searches", **WORDS)
async def read_searches(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    show: choices.ShownSearches = "top",
    contains: choices.Contains = "",
    page: PageNumber = 1,
    page_size: PageSize = 25,
) -> SearchPage:
    """List what is searched for, and what is not found or not clicked."""
    report = choices.searches(show, contains)
    return SearchPage(*await report.page(rollups, period_of(tenant, since, until), page, page_size))


@get(f"{API}/collections", **WORDS)
async def read_collections(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    contains: choices.Contains = "",
    page: PageNumber = 1,
    page_size: PageSize = 25,
) -> ListPage:
    """List collections with their views, and what became of products in them."""
    report = choices.lists("collection", contains)
    return ListPage(*await report.page(rollups, period_of(tenant, since, until), page, page_size))


@get(f"{API}/blocks", **WORDS)
async def read_blocks(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    contains: choices.Contains = "",
    page: PageNumber = 1,
    page_size: PageSize = 25,
) -> ListPage:
    """List blocks of pages with their views, and what became of products in them; those without an id are `unnamed`."""
    report = choices.lists("block", contains)
    return ListPage(*await report.page(rollups, period_of(tenant, since, until), page, page_size))


@get(f"{API}/sessions", **WORDS)
async def read_sessions(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    by: choices.BySessions = "device",
    page: PageNumber = 1,
    page_size: PageSize = 25,
) -> SessionPage:
    """List sessions by device, browser, system, channel or day; one that goes on after midnight is one on each day."""
    return SessionPage(*await choices.sessions(by).page(rollups, period_of(tenant, since, until), page, page_size))


@get(f"{API}/attribution", **WORDS)
async def read_attribution(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    since: Since = None,
    until: Until = None,
    token: choices.TokenText = None,
    page: PageNumber = 1,
    page_size: PageSize = 25,
) -> AttributionPage:
    """List what responses led to, by their attribution token, and what all of them led to together."""
    period, report = period_of(tenant, since, until), choices.attribution(token)
    rows, pagination = await report.page(rollups, period, page, page_size)
    (together,) = await rollups.grouped(TokenDay, (), since=period.since, until=period.until, **report.facts)
    return AttributionPage(rows, pagination, AttributionRow.of(together), RULE)


@get(f"{API}/export/{{report:str}}", media_type="text/csv", **WORDS)
async def export_report(
    rollups: Injected[Rollups],
    tenant: Injected[Tenant],
    report: FromPath[choices.ListName],
    since: Since = None,
    until: Until = None,
    format: FromQuery[FileFormat] = "csv",  # noqa: A002
) -> Stream:
    """Give out a whole list as CSV, safe to open in a spreadsheet, or as lines of JSON."""
    if report not in choices.LISTS:
        raise Problem("not_found")
    period = period_of(tenant, since, until)
    file, pieces = choices.LISTS[report]().file(rollups, period, format)
    headers = file.headers(f"{report}-{period.since}-{period.until}")
    return Stream(pieces, media_type=file.media_type, headers=headers)


list_routes = [
    read_products, read_searches, read_collections, read_blocks, read_sessions, read_attribution, export_report,
]  # fmt: skip
