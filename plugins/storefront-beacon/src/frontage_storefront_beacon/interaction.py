"""What is recorded of an event."""

from typing import Any, Literal, get_args

from frontage.plugin import Event

Kind = Literal[
    "product_click",
    "product_view",
    "product_impression",
    "product_hover",
    "product_touch",
    "add_to_cart",
    "collection_view",
    "search",
    "autocomplete",
    "block_view",
]
KINDS: tuple[str, ...] = get_args(Kind)
Channel = Literal["web", "app"]


class Interaction(Event, frozen=True):
    """Something that a shopper saw or did; `occurred` is the client's clock, `received` the server's."""

    kind: Kind
    bot: bool = False
    """A known bot: counted apart, and in no other number."""
    late: bool = False
    """More than thirty days old when it came."""
    session_id: str | None = None
    """None: the shopper's browser asks not to be followed."""
    device_id: str | None = None
    customer_id: str | None = None
    attribution_token: str | None = None
    product_id: int | None = None
    variant_id: int | None = None
    collection_handle: str | None = None
    query: str | None = None
    position: int | None = None
    block_id: str | None = None
    search_id: str | None = None
    channel: Channel = "web"
    marketing_source: str | None = None
    marketing_medium: str | None = None
    marketing_campaign: str | None = None
    contextual_data: dict[str, Any] | None = None
    device: str | None = None
    """Kind of device, family of browser, family of system: read from the user agent, which is not kept."""
    browser: str | None = None
    os: str | None = None
