"""Who listens to a shop's numbers while they change: one reader a shop and process, however many listen.

A listener has no queue. It is told the newest numbers when it has taken the ones before, so whoever reads slowly misses
steps and holds up nobody.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from frontage.plugin import Key, PluginContext, Problem, Tenant, utc_now
from frontage_landing_analytics.dashboard import average_seconds
from frontage_landing_analytics.reports.words import SCOPE, TYPES
from frontage_landing_analytics.rollups import BotDay, DayCount

PACE_SECONDS = 1.0
HEARTBEAT_SECONDS = 15.0
MOST_OF_A_TENANT = 20
MOST_OF_A_PROCESS = 200
_RETRY = b"retry: 3000\n\n"
_HEARTBEAT = b": still here\n\n"
_AWAY = (SQLAlchemyError, OSError, TimeoutError)


class LiveToday(Struct, frozen=True):
    """The shop's today so far."""

    day: date
    timezone: str
    visitors: int
    clickers: int
    """Distinct visitors who turned to the shop."""
    average_seconds: int
    events: dict[str, int]
    anonymous: int
    bots: int


class Live:
    """Everybody who listens in this process."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._rooms: dict[UUID, _Room] = {}

    @property
    def listeners(self) -> int:
        """How many there are."""
        return sum(len(room.listeners) for room in self._rooms.values())

    async def listen(self, tenant: Tenant, key: Key) -> AsyncIterator[bytes]:
        """What a listener hears until it goes, its key does, or the process ends; refused where there are too many."""
        if self._context.draining.is_set():
            raise _full("unavailable", "This process ends; listen again at once.")
        room = self._rooms.get(tenant.id)
        if room is None:
            first = await _read(self._context, tenant)
            # Somebody else may have come in meanwhile.
            room = self._rooms.get(tenant.id) or _Room(self._context, tenant, first)
        if self.listeners >= MOST_OF_A_PROCESS:
            raise _full("unavailable", f"{MOST_OF_A_PROCESS} listen already.")
        if len(room.listeners) >= MOST_OF_A_TENANT:
            raise _full("rate_limited", f"{MOST_OF_A_TENANT} listen to this tenant already.")
        told = self._told(room, key)
        # From here on the listener is counted, and its end is noticed even when nothing of this is ever sent.
        await anext(told)
        return told

    async def end_in_time(self) -> None:
        """Let everybody go when the process begins to end."""
        await self._context.draining.wait()
        for room in self._rooms.values():
            room.close()

    async def stop(self) -> None:
        """End what still reads."""
        for room in self._rooms.values():
            room.close()
        await asyncio.gather(*(room.reader for room in self._rooms.values() if room.reader), return_exceptions=True)

    async def _told(self, room: "_Room", key: Key) -> AsyncIterator[bytes]:
        listener = _Listener(key)
        self._rooms[room.tenant_id] = room
        room.enter(listener)
        try:
            yield b""
            yield _RETRY
            told = b""
            while not (listener.is_over or room.is_closed):
                listener.news.clear()
                if room.says is not told:
                    told = room.says
                    yield told
                elif not await _rings(listener.news, HEARTBEAT_SECONDS):
                    yield _HEARTBEAT
        finally:
            if room.leave(listener) and self._rooms.get(room.tenant_id) is room:
                del self._rooms[room.tenant_id]


class _Listener:
    """One connection, and the key that let it in."""

    def __init__(self, key: Key) -> None:
        self.key = key
        self.news = asyncio.Event()
        self.is_over = False


class _Room:
    """The listeners of one tenant, and what was last read for them."""

    def __init__(self, context: PluginContext, tenant: Tenant, says: bytes) -> None:
        self.tenant_id = tenant.id
        self.says = says
        self.listeners: set[_Listener] = set()
        self.is_closed = False
        self.reader: asyncio.Task[None] | None = None
        self._context = context

    def enter(self, listener: _Listener) -> None:
        self.listeners.add(listener)
        if self.reader is None:
            self.reader = asyncio.create_task(self._read_on())

    def leave(self, listener: _Listener) -> bool:
        """Whether it was the last one."""
        self.listeners.discard(listener)
        if self.listeners:
            return False
        if self.reader is not None:
            self.reader.cancel()
        return True

    def close(self) -> None:
        self.is_closed = True
        if self.reader is not None:
            self.reader.cancel()
        self._ring()

    def _ring(self) -> None:
        for listener in self.listeners:
            listener.news.set()

    async def _read_on(self) -> None:
        while True:
            await asyncio.sleep(PACE_SECONDS)
            tenant = self._context.directory.find_tenant_by_id(self.tenant_id)
            if tenant is None or self._context.slug not in tenant.plugins:
                self.close()
                return
            self._let_go()
            try:
                says = await _read(self._context, tenant)
            except _AWAY as error:
                # Their numbers stand still meanwhile; the heartbeat tells that somebody is here.
                self._context.log.warning("live.not_read", tenant=tenant.slug, error=type(error).__name__)
                continue
            if says != self.says:
                self.says = says
                self._ring()

    def _let_go(self) -> None:
        """End whoever came in by a key that would let nobody in any more."""
        for listener in self.listeners:
            key = self._context.directory.find_again(listener.key)
            if key is None or SCOPE not in key.scopes:
                listener.is_over = True
                listener.news.set()


async def _read(context: PluginContext, tenant: Tenant) -> bytes:
    today, rollups = tenant.day_at(utc_now()), context.rollups(tenant)
    row = next(iter(await rollups.rows(DayCount, since=today, until=today)), DayCount(day=today))
    told = LiveToday(
        day=today,
        timezone=tenant.timezone.key,
        visitors=row.visitors,
        clickers=row.clickers,
        average_seconds=average_seconds(row.milliseconds, row.stayers),
        events={kind: getattr(row, kind) for kind in TYPES},
        anonymous=row.anonymous,
        bots=await rollups.total(BotDay.events, since=today, until=today),
    )
    return b"event: today\ndata: %b\n\n" % msgspec.json.encode(told)


async def _rings(bell: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await bell.wait()
    except TimeoutError:
        return False


def _full(code: str, detail: str) -> Problem:
    seconds = 3
    extra = {"retry_after_seconds": seconds} if code == "rate_limited" else {}
    return Problem(code, detail, headers=[(b"retry-after", b"%d" % seconds)], extra=extra)
