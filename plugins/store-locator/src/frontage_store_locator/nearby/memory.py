"""The engine in memory: one snapshot a tenant, made at its first search and brought up to date when places change."""

import asyncio
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from frontage.plugin import PluginContext
from frontage_store_locator.nearby.search import Answers, Search
from frontage_store_locator.nearby.shown import PlaceRow, ShownPlace, can_be_shown
from frontage_store_locator.queries import shown_rows, versions_of

if TYPE_CHECKING:  # scipy and pyproj are loaded together with the first place
    from frontage_store_locator.nearby.snapshot import Snapshot

FRESH_SECONDS = 0.5
"""How old what a search sees may be; changes made by this process are seen at once."""
CHECK_SECONDS = 1.0
MANY = 2_000
"""From this many places on a search or a build is done beside the loop."""


class MemoryEngine:
    """Snapshots of tenants, as many as the budget of bytes allows, those searched last."""

    def __init__(self, context: PluginContext, budget: int) -> None:
        self._context = context
        self._budget = budget
        self._held: OrderedDict[UUID, Snapshot] = OrderedDict()
        self._loading: dict[UUID, asyncio.Task[Snapshot]] = {}
        self._versions: dict[UUID, int] = {}
        self._checked_at = -FRESH_SECONDS
        self._checking: asyncio.Task[None] | None = None

    async def search(self, tenant_id: UUID, search: Search) -> Answers:
        """The nearest places that fit."""
        snapshot = await self.snapshot(tenant_id)
        found = snapshot.search(search, MANY)
        if found is None:
            found = await asyncio.to_thread(snapshot.search, search)
        assert found is not None
        return found

    def holds(self, tenant_id: UUID) -> bool:
        """Whether a tenant's places are in memory."""
        return tenant_id in self._held

    def forget(self, tenant_id: UUID) -> None:
        """Free a tenant's places."""
        self._held.pop(tenant_id, None)
        self._versions.pop(tenant_id, None)

    def look_again(self) -> None:
        """Look for changes at the next search: this process has just made one."""
        self._checked_at = -FRESH_SECONDS
        self._checking = None

    async def snapshot(self, tenant_id: UUID) -> "Snapshot":
        """The tenant's places as they are, at most half a second ago."""
        held = self._held.get(tenant_id)
        if held is None:
            return await self._load_once(tenant_id, None)
        self._held.move_to_end(tenant_id)
        if monotonic() - self._checked_at > FRESH_SECONDS:
            await self._check()
        if self._versions.get(tenant_id, 0) <= held.version:
            return held
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return await self._load_once(tenant_id, held)
        except (OSError, TimeoutError, SQLAlchemyError):
            # The change was heard of, and then the database went, or it is a large one, which goes on loading.
            self._context.count("snapshots_unchecked", "database away")
            return held

    async def _check(self) -> None:
        """Read the versions of all tenants held, once for all searches that wait."""
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._read_versions())
        await asyncio.shield(self._checking)

    async def _read_versions(self) -> None:
        began = monotonic()
        try:
            async with asyncio.timeout(CHECK_SECONDS), self._context.database.reading() as session:
                self._versions.update(await versions_of(session, list(self._held)))
        except (OSError, TimeoutError, SQLAlchemyError):
            # Places of a moment ago are a better answer than none while the database is away.
            self._context.count("snapshots_unchecked", "database away")
        if self._checking is asyncio.current_task():
            self._checked_at = began

    async def _load_once(self, tenant_id: UUID, base: "Snapshot | None") -> "Snapshot":
        """Load or update one tenant, once for all searches that wait."""
        task = self._loading.get(tenant_id)
        if task is None:
            task = self._loading[tenant_id] = asyncio.create_task(self._load(tenant_id, base))
            task.add_done_callback(lambda _: self._loading.pop(tenant_id, None))
        return await asyncio.shield(task)

    async def _load(self, tenant_id: UUID, base: "Snapshot | None") -> "Snapshot":
        async with self._context.database.reading() as session:
            version = (await versions_of(session, [tenant_id])).get(tenant_id, 0)
            rows = await shown_rows(session, tenant_id, since=-1 if base is None else base.version)
        if base is None or len(base) + len(rows) > MANY:
            snapshot = await asyncio.to_thread(_build, version, rows, base)
        else:
            snapshot = _build(version, rows, base)
        self._keep(tenant_id, snapshot)
        return snapshot

    def _keep(self, tenant_id: UUID, snapshot: "Snapshot") -> None:
        self._held[tenant_id] = snapshot
        self._held.move_to_end(tenant_id)
        self._versions[tenant_id] = snapshot.version
        while len(self._held) > 1 and self.size > self._budget:
            self.forget(next(iter(self._held)))

    @property
    def size(self) -> int:
        """Roughly how many bytes all snapshots take."""
        return sum(snapshot.size for snapshot in self._held.values())


def _build(version: int, rows: list[PlaceRow], base: "Snapshot | None") -> "Snapshot":
    from frontage_store_locator.nearby.snapshot import Snapshot

    shown = [ShownPlace(row) for row in rows if can_be_shown(row)]
    if base is None:
        return Snapshot(version, {place.id: place for place in shown})
    return base.changed(version, shown, [row.id for row in rows if not can_be_shown(row)])
