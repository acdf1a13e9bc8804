"""Who a visitor is: a hash that cannot be turned back and means nothing once its salt is gone."""

import hmac
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from frontage.plugin import PluginContext, utc_now
from frontage_landing_analytics.rollups import Clicker, Stayer, Viewer
from frontage_landing_analytics.settings import SaltWindow, Settings

HASH_LENGTH = 45
_REMEMBERED_DAYS = 63
"""Longer than any salt lives, so that nobody comes back under a hash that was forgotten."""


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


async def forget_visitors(context: PluginContext) -> None:
    """Delete who has not been here since the salt of the hash went and the events did; they stay in every count."""
    for tenant in context.tenants_with_plugin():
        settings: Settings = tenant.plugins[context.slug]
        days = max(_REMEMBERED_DAYS, settings.retention_days)
        last = tenant.day_at(utc_now()) - timedelta(days=days)
        async with context.writing(tenant) as session:
            for table in map(context.intake.table, (Viewer, Stayer, Clicker)):
                await session.execute(sa.delete(table).where(table.c.tenant_id == tenant.id, table.c.last_day < last))
