"""What is recorded: events of people whatever route they came by, those of bots, and how many were not kept."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Literal, get_args

from frontage.plugin import Event, Stream
from frontage_landing_analytics.canonical import EventType, Source
from frontage_landing_analytics.counting import count_bots, count_drops, count_interactions

RETENTION = timedelta(days=90)


class Interaction(Event, frozen=True, kw_only=True):
    """Something that a visitor did. What tells of the visitor is None where a privacy signal asked for it."""

    day: date
    """The tenant's own calendar day at the time of receipt; fixed here, whatever becomes of its time zone."""
    type: EventType
    source: Source
    visitor: str | None = None
    """45 hex characters that stand for an address as long as a salt lives."""
    user_agent: str | None = None
    referrer: str | None = None
    """Without query and fragment."""
    page: str | None = None
    """The path of the page."""
    device: str | None = None
    browser: str | None = None
    os: str | None = None
    country: str | None = None
    """ISO 3166-1 alpha-2, where a trusted proxy tells."""
    product_id: int | None = None
    metadata: dict[str, Any] | None = None
    milliseconds: int = 0
    """What a `time_on_page` event is worth."""
    value: Decimal | None = None
    currency: str | None = None
    transaction_id: str | None = None
    flags: str | None = None
    """What of a conversion could not be read, in words with commas between."""


class BotVisit(Event, frozen=True, kw_only=True):
    """Something that a known bot did."""

    day: date
    type: EventType
    source: Source
    user_agent: str | None = None


DropReason = Literal["own_visit", "privacy_signal", "rate_limited", "unknown_product", "no_room", "failed"]
DROP_REASONS: tuple[DropReason, ...] = get_args(DropReason)


class Drop(Event, frozen=True, kw_only=True):
    """So many events of one day were not kept for one reason; nothing else is known of them."""

    day: date
    reason: DropReason
    events: int


streams = [
    Stream("events", row=Interaction, rollup=count_interactions, retention=RETENTION),
    Stream("bots", row=BotVisit, rollup=count_bots, retention=RETENTION),
    Stream("drops", row=Drop, rollup=count_drops, keep=False),
]
