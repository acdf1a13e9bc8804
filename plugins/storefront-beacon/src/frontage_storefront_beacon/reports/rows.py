"""The rows of the reports: numbers as they were counted, and the rates that follow from them."""

from typing import Annotated, Any

from msgspec import Meta, Struct, convert

from frontage.plugin import Rate, rate
from frontage_storefront_beacon.rollups import OTHER_PRODUCTS

_OTHERS = "Null: all others together, beyond the 16,384 of a day that are told apart."


class ProductRow(Struct, frozen=True):
    """A product, a position, or a product at a position; what the report is not by is null."""

    product_id: Annotated[int | None, Meta(description=_OTHERS)]
    position: Annotated[int | None, Meta(description="0: in no list. 101: all beyond a hundred.")]
    impressions: int
    clicks: int
    views: int
    adds: int
    hovers: int
    touches: int
    click_through_rate: Annotated[Rate, Meta(description="Clicks by impressions.")]
    add_rate: Annotated[Rate, Meta(description="Additions to the cart by views of the product.")]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "ProductRow":
        """The row of what was counted."""
        product = told.get("product")
        return convert(
            {
                "position": None,
                **told,
                "product_id": None if product == OTHER_PRODUCTS else product,
                "click_through_rate": rate(told["clicks"], told["impressions"]),
                "add_rate": rate(told["adds"], told["views"]),
            },
            cls,
        )


class SearchRow(Struct, frozen=True):
    """A query, whatever its case and spaces."""

    query: Annotated[str | None, Meta(description=_OTHERS)]
    searches: int
    completions: int
    without_result: Annotated[int, Meta(description="Searches that said `contextual_data.results` is 0.")]
    clicked: Annotated[int, Meta(description="Searches that led to a click on a product in their session.")]
    without_click: Annotated[int, Meta(description="Searches of known sessions that did not.")]
    click_rate: Rate

    @classmethod
    def of(cls, told: dict[str, Any]) -> "SearchRow":
        """The row of what was counted."""
        followed, clicked = told["followed"], told["clicked"]
        return cls(
            told["query"] or None,
            told["searches"],
            told["completions"],
            told["without_result"],
            clicked,
            followed - clicked,
            rate(clicked, followed),
        )


class ListRow(Struct, frozen=True):
    """A collection or a block, and the products in it."""

    name: Annotated[str | None, Meta(description=_OTHERS)]
    views: int
    impressions: int
    clicks: int
    product_views: int
    adds: int
    click_through_rate: Annotated[Rate, Meta(description="Clicks by impressions.")]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "ListRow":
        """The row of what was counted."""
        through = rate(told["clicks"], told["impressions"])
        return convert({**told, "name": told["name"] or None, "click_through_rate": through}, cls)


class SessionRow(Struct, frozen=True):
    """Sessions of one kind, and how many of them came how far."""

    name: str
    sessions: int
    impressed: Annotated[int, Meta(description="Saw a product in a list,")]
    clicked: Annotated[int, Meta(description="then clicked on one,")]
    viewed: Annotated[int, Meta(description="then saw one's own page,")]
    added: Annotated[int, Meta(description="then put one into the cart.")]
    add_rate: Annotated[Rate, Meta(description="The last of them by all sessions.")]

    @classmethod
    def of(cls, told: dict[str, Any]) -> "SessionRow":
        """The row of what was counted, whose own key is what it is by."""
        name = next(value for key, value in told.items() if key not in cls.__struct_fields__)
        return convert({**told, "name": str(name), "add_rate": rate(told["added"], told["sessions"])}, cls)


class AttributionRow(Struct, frozen=True):
    """What the response with a token led to."""

    token: Annotated[str | None, Meta(description=_OTHERS)]
    shown: Annotated[int, Meta(description="Events that carry the token.")]
    direct_clicks: int
    direct_views: int
    direct_adds: int
    modelled_clicks: float
    modelled_views: float
    modelled_adds: float
    clicks: Annotated[float, Meta(description="Direct and modelled.")]
    views: float
    adds: float

    @classmethod
    def of(cls, told: dict[str, Any]) -> "AttributionRow":
        """The row of what was counted."""
        words = ("clicks", "views", "adds")
        direct = [told[f"direct_{word}"] for word in words]
        modelled = [told[f"full_{word}"] + told[f"half_{word}"] / 2 for word in words]
        together = [one + other for one, other in zip(direct, modelled, strict=True)]
        token = told.get("token")
        return cls(token or None, told["shown"], *direct, *modelled, *map(float, together))
