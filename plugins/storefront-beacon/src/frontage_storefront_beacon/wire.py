"""What a storefront sends: one Struct for each type of event, told apart by `event_type`.

Only what a type cannot do without is required. Ids that are text may come as numbers, ids that are numbers as digits or
as `gid://shopify/Product/123`.
"""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

from msgspec import Meta, Struct

from frontage.plugin import IdText
from frontage_storefront_beacon.interaction import Channel, Kind

MOST_EVENTS = 100
_LONGEST = 255

Id: TypeAlias = Annotated[IdText, Meta(min_length=1, max_length=_LONGEST)]
Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=_LONGEST)]
Query: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1000)]
Number: TypeAlias = (
    Annotated[int, Meta(ge=0, le=2**63 - 1)]
    | Annotated[str, Meta(max_length=_LONGEST, description="Digits, or `gid://…/` and digits.")]
)
Position: TypeAlias = Annotated[int, Meta(ge=1, le=2**63 - 1, description="From 1.")]
Moment: TypeAlias = datetime | int | float
"""RFC 3339 (UTC when it is naive), or milliseconds since 1970."""


class EventIn(Struct, kw_only=True, tag_field="event_type"):
    """What every event may carry."""

    timestamp: Moment
    session_id: Id
    event_id: Id | None = None
    device_id: Id | None = None
    customer_id: Id | None = None
    attribution_token: Id | None = None
    product_id: Number | None = None
    variant_id: Number | None = None
    collection_handle: Text | None = None
    query: Query | None = None
    position: Position | None = None
    block_id: Id | None = None
    search_id: Id | None = None
    shopping_channel: Channel | None = None
    marketing_source: Text | None = None
    marketing_medium: Text | None = None
    marketing_campaign: Text | None = None
    contextual_data: dict[str, Any] | None = None


class _Product(EventIn, kw_only=True):
    product_id: Number


class _Placed(EventIn, kw_only=True):
    product_id: Number
    position: Position


class ProductClick(_Placed, tag="product_click"):
    """A product was clicked in a list."""


class ProductImpression(_Placed, tag="product_impression"):
    """A product was shown in a list."""


class ProductHover(_Placed, tag="product_hover"):
    """The pointer rested on a product."""


class ProductTouch(_Placed, tag="product_touch"):
    """A finger rested on a product."""


class ProductView(_Product, tag="product_view"):
    """A product's own page was seen."""


class AddToCart(_Product, tag="add_to_cart"):
    """A product was put into the cart."""


class CollectionView(EventIn, kw_only=True, tag="collection_view"):
    """A collection was seen."""

    collection_handle: Text


class Search(EventIn, kw_only=True, tag="search"):
    """Something was searched; `contextual_data.results` may say how much was found."""

    query: Query


class Autocomplete(EventIn, kw_only=True, tag="autocomplete"):
    """A search was completed while it was typed."""

    query: Query


class BlockView(EventIn, tag="block_view"):
    """A block of a page was seen."""


TYPES: dict[str, type[EventIn]] = {
    str(kind.__struct_config__.tag): kind
    for kind in (
        ProductClick, ProductImpression, ProductHover, ProductTouch, ProductView, AddToCart, CollectionView, Search,
        Autocomplete, BlockView,
    )
}  # fmt: skip

KINDS_BY_TYPE: dict[type[EventIn], Kind] = {kind: name for name, kind in TYPES.items()}  # type: ignore[misc]

AnyEvent: TypeAlias = (
    ProductClick
    | ProductImpression
    | ProductHover
    | ProductTouch
    | ProductView
    | AddToCart
    | CollectionView
    | Search
    | Autocomplete
    | BlockView
)


class BeaconIn(Struct, frozen=True):
    """A batch: events that are not valid are skipped, their neighbours are stored."""

    events: Annotated[list[AnyEvent], Meta(min_length=1, max_length=MOST_EVENTS)]
