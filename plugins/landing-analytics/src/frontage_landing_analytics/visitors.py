"""Who a visitor is: a hash that cannot be turned back and means nothing once its salt is gone."""

import hmac
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from frontage_landing_analytics.settings import SaltWindow

HASH_LENGTH = 45


class Span(NamedTuple):
    """The days on which one salt is used; the last is not among them."""

    starts: date
    ends: date


@lru_cache(maxsize=64)
def span_of(day: date, window: SaltWindow) -> Span:
    """The window in which a day lies: its calendar month, its week from Monday on, or itself."""
    if window == "month":
        first = day.replace(day=1)
        return Span(first, first + timedelta(days=monthrange(day.year, day.month)[1]))
    first = day - timedelta(days=day.weekday()) if window == "week" else day
    return Span(first, first + timedelta(days=7 if window == "week" else 1))


def visitor_hash(salt: bytes, tenant_id: UUID, address: str) -> str:
    """The visitor at an address: the first 45 hex characters of its HMAC-SHA-256 under the tenant's salt."""
    return hmac.digest(salt, f"{tenant_id.hex}|{address}".encode(), "sha256").hex()[:HASH_LENGTH]
