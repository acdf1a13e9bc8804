"""One name for one deed: the words of the three event APIs, and the canonical type that each of them means."""

from typing import Literal, get_args

EventType = Literal[
    "pageview",
    "view",
    "whatsapp_click",
    "call",
    "location_view",
    "currency_toggle",
    "time_on_page",
    "qr_scan",
    "product_click",
    "cart_add",
    "social_share",
    "conversion",
    "purchase",
]
Source = Literal["link", "landing", "commerce", "conversion", "interaction", "demo"]
"""The route an event came by."""

LandingWord = Literal[
    "pageview",
    "click_whatsapp",
    "click_call",
    "click_toggle_currency",
    "time_on_page",
    "qr_scan",
    "product_click",
]
CommerceWord = Literal["whatsapp_click", "call", "location_view", "cart_add", "social_share", "conversion", "purchase"]
InteractionWord = Literal["view", "whatsapp_click", "call_click", "maps_click"]

VIEWS: frozenset[EventType] = frozenset({"pageview", "view"})
"""What makes a visitor."""
CLICKS: frozenset[EventType] = frozenset({"whatsapp_click", "call", "location_view"})
"""The ways by which a visitor turns to the shop."""
COMMERCE_WORDS: frozenset[str] = frozenset(get_args(CommerceWord))

_OTHER_WORDS: dict[str, EventType] = {
    "click_whatsapp": "whatsapp_click",
    "click_call": "call",
    "call_click": "call",
    "maps_click": "location_view",
    "click_toggle_currency": "currency_toggle",
}
CANONICAL: dict[str, EventType] = {**{name: name for name in get_args(EventType)}, **_OTHER_WORDS}
"""The canonical type of every word."""
