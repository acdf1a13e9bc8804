"""What is counted, one Struct a table. Reports read these and never scan events; the README lists what each is for."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from frontage.plugin import Claim, Rollup, Visitor


class Counted(Rollup, kw_only=True):
    """How often each canonical type happened."""

    pageview: int = 0
    view: int = 0
    whatsapp_click: int = 0
    call: int = 0
    location_view: int = 0
    currency_toggle: int = 0
    time_on_page: int = 0
    qr_scan: int = 0
    product_click: int = 0
    cart_add: int = 0
    social_share: int = 0
    conversion: int = 0
    purchase: int = 0


class DayCount(Counted, kw_only=True):
    """A tenant's day: everything that its dashboard shows.

    Of a week ending today the distinct visitors are the sum of `visitors_last` over its seven rows; so for the others.
    """

    day: date
    visitors: int = 0
    """Distinct visitors with a view."""
    visitors_last: int = 0
    """Those of them whose last day this is."""
    stayers: int = 0
    """Distinct visitors with a time on page."""
    stayers_last: int = 0
    clickers: int = 0
    """Distinct visitors who turned to the shop: WhatsApp, call or location."""
    clickers_last: int = 0
    milliseconds: int = 0
    """Time on page of those who are among the stayers."""
    anonymous: int = 0
    """Events without a visitor, because a privacy signal asked for it."""


class QuarterCount(Counted, kw_only=True):
    """A quarter of an hour in UTC, of which hours and days of every time zone can be composed."""

    at: datetime


class Breakdown(Rollup, kw_only=True):
    """A day's events by one value of one dimension: a page, a referrer, a browser."""

    day: date
    dimension: str
    value: str
    views: int = 0
    whatsapp_click: int = 0
    call: int = 0
    location_view: int = 0
    product_click: int = 0
    qr_scan: int = 0
    conversions: int = 0


class Revenue(Rollup, kw_only=True):
    """A day's money in one currency."""

    day: date
    currency: str
    amount: Decimal = Decimal(0)
    """Sales less refunds."""
    sales: int = 0
    refunds: int = 0
    refunded: Decimal = Decimal(0)


class BotDay(Rollup, kw_only=True):
    """A day's events of known bots, which are in no other number."""

    day: date
    events: int = 0


class DropDay(Rollup, kw_only=True):
    """A day's events that were not kept, by reason."""

    day: date
    reason: str
    events: int = 0


class Viewer(Visitor):
    """A visitor who viewed."""


class Stayer(Visitor):
    """A visitor who stayed."""


class Clicker(Visitor):
    """A visitor who turned to the shop."""


class Transaction(Claim, kw_only=True):
    """A transaction id that is taken for ever."""

    key: UUID
    """A digest: a payment system's id may be longer than an index takes."""
    occurred: datetime = datetime.min.replace(tzinfo=UTC)
    """Of the event that took it; all events of a transaction bear one id, and differ in this."""
