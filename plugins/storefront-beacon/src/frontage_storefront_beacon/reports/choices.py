"""The lists that a shop can ask for, by what it asks."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias

from litestar.params import QueryParameter
from sqlalchemy import and_

from frontage.plugin import FromQuery
from frontage_storefront_beacon.reports.report import Report
from frontage_storefront_beacon.reports.rows import AttributionRow, ListRow, ProductRow, SearchRow, SessionRow
from frontage_storefront_beacon.rollups import ListDay, ProductDay, SearchDay, SessionDay, TokenDay

Condition: TypeAlias = Callable[[Any], Any]
ProductsBy = Literal["product", "position", "product_position"]
ProductsOrder = Literal["impressions", "clicks", "views", "adds"]
Searches = Literal["top", "without_click", "without_result"]
SessionsBy = Literal["device", "browser", "os", "channel", "day"]
ListName = Literal["products", "searches", "collections", "blocks", "sessions", "attribution"]

ByProducts = FromQuery[Annotated[ProductsBy, QueryParameter(description="One row a product, a position, or both.")]]
OrderOfProducts = FromQuery[Annotated[ProductsOrder, QueryParameter(description="What the first have most of.")]]
ProductId = FromQuery[Annotated[int | None, QueryParameter(ge=0, le=2**63 - 1, description="Only this product.")]]
ShownSearches = FromQuery[
    Annotated[Searches, QueryParameter(description="Which searches: the most frequent, or those that led nowhere.")]
]
BySessions = FromQuery[Annotated[SessionsBy, QueryParameter(description="One row for each of these.")]]
Contains = FromQuery[
    Annotated[str, QueryParameter(max_length=100, description="Only names that contain this, in small letters.")]
]
TokenText = FromQuery[Annotated[str | None, QueryParameter(max_length=255, description="Only this token.")]]


def products(by: ProductsBy = "product", order: ProductsOrder = "impressions", product_id: int | None = None) -> Report:
    """Products, positions, or both."""
    keys = {"product": ("product",), "position": ("position",), "product_position": ("product", "position")}[by]
    facts = {} if product_id is None else {"product": product_id}
    return Report(ProductDay, ProductRow, keys, lambda row: row[order], facts=facts)


def searches(show: Searches = "top", contains: str = "") -> Report:
    """Queries: the most frequent, or those that led to no click or no result."""
    orders: dict[Searches, Condition] = {
        "top": lambda row: row.searches,
        "without_click": lambda row: row.followed - row.clicked,
        "without_result": lambda row: row.without_result,
    }
    order = orders[show]

    def having(row: Any) -> Any:
        found = row.query.contains(contains.lower(), autoescape=True)
        return found if show == "top" else and_(order(row) > 0, found)

    return Report(SearchDay, SearchRow, ("query",), order, having)


def lists(kind: Literal["collection", "block"], contains: str = "") -> Report:
    """Collections or blocks."""

    def having(row: Any) -> Any:
        return row.name.contains(contains, autoescape=True)

    return Report(ListDay, ListRow, ("name",), lambda row: row.views, having, {"list": kind})


def sessions(by: SessionsBy = "device") -> Report:
    """Sessions by one of their properties."""
    return Report(SessionDay, SessionRow, (by,), lambda row: row.sessions, lambda row: row.sessions > 0)


def attribution(token: str | None = None) -> Report:
    """Responses by their token."""
    facts = {} if token is None else {"token": token}
    return Report(TokenDay, AttributionRow, ("token",), lambda row: row.shown, facts=facts)


LISTS: dict[ListName, Callable[[], Report]] = {
    "products": products,
    "searches": searches,
    "collections": lambda: lists("collection"),
    "blocks": lambda: lists("block"),
    "sessions": sessions,
    "attribution": attribution,
}
