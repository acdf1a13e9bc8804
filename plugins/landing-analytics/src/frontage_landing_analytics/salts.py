"""The salts of visitors' hashes: random, one a tenant and window, the same in every worker, gone when the window is.

A worker holds those of today and of tomorrow; a job deletes the rows of windows that are over, and with the last copy
goes every chance to link a hash with an address or with a hash of the next window.
"""

import asyncio
import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from frontage.plugin import PluginContext, Session, Tenant, new_id, utc_now
from frontage_landing_analytics.models import Salt
from frontage_landing_analytics.settings import SaltWindow, Settings
from frontage_landing_analytics.visitors import Span, span_of, visitor_hash

_BYTES = 32
_MOST_VISITORS = 4096
_LOOK_SECONDS = 30.0
_PATIENCE_SECONDS = 1.0
_AHEAD = timedelta(days=1)
_LATEST_ZONE = timedelta(hours=12)
"""Nowhere does a day end later than this after it has ended in UTC."""


class Wanted(NamedTuple):
    """A salt that somebody needs."""

    tenant_id: UUID
    span: Span


class Salts:
    """The salts of one process."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._held: dict[Wanted, bytes] = {}
        self.visitor = lru_cache(_MOST_VISITORS)(visitor_hash)
        """The hash of a visitor; those of the last ones are remembered, no longer than the salts."""
        self._loading = asyncio.Lock()

    def known(self, tenant: Tenant, day: date, window: SaltWindow) -> bytes | None:
        """The salt of a tenant's day, when it is in memory."""
        return self._held.get(Wanted(tenant.id, span_of(day, window)))

    async def found(self, tenant: Tenant, day: date, window: SaltWindow) -> bytes | None:
        """The salt of a tenant's day, made when nobody has; None when the database does not say in time.

        Then the event is kept without a visitor: better than not at all.
        """
        wanted = Wanted(tenant.id, span_of(day, window))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS), self._loading:
                if wanted not in self._held:
                    await self._load([wanted])
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            self._context.count("events_without_visitor", "no salt")
            self._context.log.warning("salts.not_read", tenant=tenant.slug, error=type(error).__name__)
        return self._held.get(wanted)

    async def look_after(self) -> None:
        """Have today's and tomorrow's salts in memory before they are needed, and let go of old ones, for ever."""
        while True:
            try:
                await self.prepare()
            except (SQLAlchemyError, OSError, TimeoutError) as error:
                # Today's are there; tomorrow's have until midnight.
                self._context.log.warning("salts.not_prepared", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def prepare(self, now: datetime | None = None) -> None:
        """Load or make what is needed until tomorrow, and forget what is over."""
        wanted = set(self._wanted(now or utc_now()))
        async with self._loading:
            if self._held.keys() - wanted:
                self._held = {one: secret for one, secret in self._held.items() if one in wanted}
                self.visitor.cache_clear()
            missing = sorted(wanted - self._held.keys(), key=lambda one: (one.tenant_id.int, one.span))
            if missing:
                await self._load(missing)

    def _wanted(self, now: datetime) -> Iterable[Wanted]:
        for tenant in self._context.tenants_with_plugin():
            settings: Settings = tenant.plugins[self._context.slug]
            for moment in (now, now + _AHEAD):
                yield Wanted(tenant.id, span_of(tenant.day_at(moment), settings.salt_window))

    async def _load(self, wanted: list[Wanted]) -> None:
        async with self._context.database.reading() as session:
            found = await _read(session, wanted)
        missing = [one for one in wanted if one not in found]
        if missing:
            # Whoever comes first makes it; everybody uses what is there afterwards.
            async with self._context.database.writing() as session:
                await _make(session, missing, self._context.database.dialect)
                found |= await _read(session, missing)
        self._held |= found


async def _read(session: Session, wanted: list[Wanted]) -> dict[Wanted, bytes]:
    tenants = {one.tenant_id for one in wanted}
    starts = {one.span.starts for one in wanted}
    query = sa.select(Salt.tenant_id, Salt.starts, Salt.ends, Salt.secret).where(
        Salt.tenant_id.in_(tenants), Salt.starts.in_(starts)
    )
    rows = (await session.execute(query)).all()
    return {Wanted(row.tenant_id, Span(row.starts, row.ends)): row.secret for row in rows}


async def _make(session: Session, missing: list[Wanted], dialect: str) -> None:
    rows = [
        {
            "tenant_id": one.tenant_id,
            "id": new_id(),
            "starts": one.span.starts,
            "ends": one.span.ends,
            "secret": secrets.token_bytes(_BYTES),
        }
        for one in missing
    ]
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    await session.execute(insert(Salt).on_conflict_do_nothing(), rows)


async def forget_salts(context: PluginContext) -> None:
    """Delete the salts whose windows are over, those of tenants without the plugin too."""
    now = utc_now()
    over = [Salt.ends <= (now - _LATEST_ZONE).date()]
    async with context.database.writing() as session:
        await session.execute(sa.delete(Salt).where(*over))
        for tenant in context.tenants_with_plugin():
            await session.execute(sa.delete(Salt).where(Salt.tenant_id == tenant.id, Salt.ends <= tenant.day_at(now)))
