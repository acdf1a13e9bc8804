"""What is recorded: events of people in one stream whatever route they came by, those of bots in another."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from frontage.plugin import Event, Stream
from frontage_landing_analytics.canonical import EventType, Source
from frontage_landing_analytics.counting import count_bots, count_interactions

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


streams = [
    Stream("events", row=Interaction, rollup=count_interactions, retention=RETENTION),
    Stream("bots", row=BotVisit, rollup=count_bots, retention=RETENTION),
]
