"""What is counted, by day of the tenant: one Struct for each table.

Names that pages choose are bounded, see `names`; what is beyond stands under OTHERS.
"""

from datetime import date
from typing import Any, ClassVar

from msgspec import field

from frontage.plugin import Rollup

OTHER_PRODUCTS, OTHERS = -1, ""


class TrendHour(Rollup):
    """Events of one kind in one hour of a day."""

    day: date
    hour: int
    kind: str
    events: int = 0
    bots: int = 0
    """Those of known bots, which are in no other number."""


class ProductDay(Rollup):
    """A product at a position of lists; position 0 is none, 101 all beyond a hundred."""

    name_at: ClassVar[int] = 1
    day: date
    product: int
    position: int
    impressions: int = 0
    clicks: int = 0
    views: int = 0
    adds: int = 0
    hovers: int = 0
    touches: int = 0


class SearchDay(Rollup):
    """A query, as people would write it down."""

    name_at: ClassVar[int] = 1
    day: date
    query: str
    searches: int = 0
    completions: int = 0
    without_result: int = 0
    followed: int = 0
    """Searches whose session is known, so that a click would have been seen."""
    clicked: int = 0
    """Those of them that led to a click on a product."""


class ListDay(Rollup):
    """A list of products, which is a collection or a block of a page."""

    name_at: ClassVar[int] = 2
    day: date
    list: str
    name: str
    views: int = 0
    impressions: int = 0
    clicks: int = 0
    product_views: int = 0
    adds: int = 0


class TokenDay(Rollup):
    """What the response with an attribution token led to: by events that carry it, and by those shortly after."""

    name_at: ClassVar[int] = 1
    day: date
    token: str
    shown: int = 0
    direct_clicks: int = 0
    direct_views: int = 0
    direct_adds: int = 0
    full_clicks: int = 0
    full_views: int = 0
    full_adds: int = 0
    half_clicks: int = 0
    half_views: int = 0
    half_adds: int = 0


class SessionDay(Rollup):
    """Sessions of one channel, kind of device, browser and system, and how far they came."""

    day: date
    channel: str
    device: str
    browser: str
    os: str
    sessions: int = 0
    impressed: int = 0
    clicked: int = 0
    viewed: int = 0
    added: int = 0


class SessionTrace(Rollup):
    """The steps of one session on one day, from which its numbers follow whatever the order of arrival."""

    day: date
    session: str
    first: list[Any] = field(default_factory=list)
    """The moment, channel, device, browser and system of its first event."""
    steps: list[Any] = field(default_factory=list)
    """Moment, kind, token, search and query of its first steps, in their order."""


class NamesOfDay(Rollup):
    """A part of the names that have rows of their own on a day."""

    day: date
    kind: str
    part: int
    names: list[str] = field(default_factory=list)


COUNTED: tuple[type[Rollup], ...] = (
    TrendHour, ProductDay, SearchDay, ListDay, TokenDay, SessionDay, SessionTrace, NamesOfDay,
)  # fmt: skip
