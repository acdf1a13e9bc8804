"""Which engine answers: memory wherever a tenant fits, PostGIS for the rest and until memory is ready."""

import asyncio
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from frontage.plugin import PluginContext, Session
from frontage_store_locator.nearby.memory import MemoryEngine
from frontage_store_locator.nearby.search import Answers, Search
from frontage_store_locator.nearby.shown import BYTES_A_PLACE
from frontage_store_locator.queries import count_findable

if TYPE_CHECKING:
    from frontage_store_locator.nearby.postgis import PostgisEngine

BUDGET = 256 * 1024 * 1024
"""Bytes of places that one process holds, all tenants together; an embedded database has no other engine."""
LARGEST_SHARE = 0.5
START_SECONDS = 10.0
"""How long a worker that starts waits for places before it serves without those that are not there yet."""
_STAYS_LARGE_SECONDS = 600


class Engines:
    """The engines of one process."""

    def __init__(self, context: PluginContext, budget: int = BUDGET) -> None:
        self._context = context
        self._largest = int(budget * LARGEST_SHARE) // BYTES_A_PLACE
        self.memory = MemoryEngine(context, budget)
        self._large: dict[UUID, float] = {}
        self._warming: dict[UUID, asyncio.Task[None]] = {}
        self.postgis = _postgis(context) if context.database.dialect == "postgresql" else None
        self._beginning: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Load what was not asked for yet: a worker answers without its database from what it holds.

        Serving waits a moment for it; the rest is loaded beside.
        """
        if self.postgis is not None:
            self._beginning = asyncio.create_task(self._warm_everybody())
            await asyncio.wait([self._beginning], timeout=START_SECONDS)

    async def _warm_everybody(self) -> None:
        for tenant in self._context.directory.tenants:
            if self.memory.size > self._largest * BYTES_A_PLACE:
                return
            if self._context.slug in tenant.plugins and not self.memory.holds(tenant.id):
                await self._warm(tenant.id, even_empty=False)

    async def search(self, tenant_id: UUID, search: Search) -> Answers:
        """The nearest places that fit, from whichever engine has them ready."""
        if self.postgis is None or self.memory.holds(tenant_id):
            return await self.memory.search(tenant_id, search)
        if self._large.get(tenant_id, 0) < monotonic() and tenant_id not in self._warming:
            self._warming[tenant_id] = asyncio.create_task(self._warm(tenant_id))
        return await self.postgis.search(tenant_id, search)

    async def _warm(self, tenant_id: UUID, *, even_empty: bool = True) -> None:
        try:
            async with self._context.database.reading() as session:
                places = await count_findable(session, tenant_id)
            if places > self._largest:
                self._large[tenant_id] = monotonic() + _STAYS_LARGE_SECONDS
            elif places or even_empty:
                await self.memory.snapshot(tenant_id)
        except (OSError, TimeoutError, SQLAlchemyError) as error:
            # Nobody waits for it: PostGIS has answered, and the next search tries again.
            self._context.log.warning("places.not_loaded", reason=type(error).__name__)
        finally:
            self._warming.pop(tenant_id, None)

    async def close(self) -> None:
        """Let go of everything."""
        warming = [*self._warming.values(), *filter(None, [self._beginning])]
        for task in warming:
            task.cancel()
        await asyncio.gather(*warming, return_exceptions=True)
        if self.postgis is not None:
            await self.postgis.close()


def _postgis(context: PluginContext) -> "PostgisEngine":
    from frontage_store_locator.nearby.postgis import PostgisEngine

    return PostgisEngine(context.database.url)


# One process may serve several platforms, in tests at least; each has a database of its own.
_of_database: "WeakKeyDictionary[object, Engines]" = WeakKeyDictionary()


def engines_of(context: PluginContext) -> Engines:
    """The engines that belong to a context's process and database."""
    found = _of_database.get(context.database)
    if found is None:
        found = _of_database[context.database] = Engines(context)
    return found


def after_commit_look_again(session: Session, context: PluginContext) -> None:
    """Let this process see a session's changes as soon as they are committed; others see them within half a second."""
    engines = engines_of(context)
    event.listen(session.sync_session, "after_commit", lambda _: engines.memory.look_again(), once=True)


async def stop(context: PluginContext) -> None:
    """Close the engines after serving."""
    found = _of_database.pop(context.database, None)
    if found is not None:
        await found.close()
