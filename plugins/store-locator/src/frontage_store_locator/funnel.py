"""Counting visitors' steps beside their requests: in memory first, to intake twice a second, without a promise.

No request waits for the database, nor can a flood of them reach it: what does not fit is counted as dropped.
"""

import asyncio
from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from frontage.plugin import HotRequest, IntakeRefusedError, PluginContext, Tenant, read_agent, utc_now
from frontage_store_locator.streams import FunnelStep, Step

PAUSE_SECONDS = 0.5
MOST_WAITING = 10_000
_PORTION = 1_000


class Funnel:
    """The steps of one process that intake does not have yet."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._steps: list[tuple[Tenant, FunnelStep]] = []
        self._sending: asyncio.Task[None] | None = None

    def note(self, tenant: Tenant, step: Step) -> None:
        """Count a step of a visitor of a tenant that has its funnel on."""
        if len(self._steps) >= MOST_WAITING:
            self._context.count("funnel_steps_dropped", "too many")
            return
        day = utc_now().astimezone(tenant.timezone).date()
        moment = datetime.combine(day, time(), UTC)
        # An id that grows with time would tell the moment.
        row = FunnelStep(id=uuid4(), tenant=tenant.id, occurred=moment, received=moment, day=day, step=step)
        self._steps.append((tenant, row))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_soon())

    async def close(self) -> None:
        """Hand over what is left."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)
        await self.send()

    async def _send_soon(self) -> None:
        while self._steps:
            await asyncio.sleep(PAUSE_SECONDS)
            await self.send()

    async def send(self) -> None:
        """Hand over everything that has gathered."""
        while self._steps:
            portion, self._steps = self._steps[:_PORTION], self._steps[_PORTION:]
            # A tenant that was deleted in the meantime has no numbers any more.
            rows = [row for tenant, row in portion if self._context.directory.find_tenant_by_id(tenant.id)]
            try:
                if rows:
                    await self._context.intake.accept(rows)
            except IntakeRefusedError as refused:
                self._context.count("funnel_steps_dropped", refused.reason, len(rows))


# One process may serve several platforms, in tests at least; each has a database of its own.
_of_database: "WeakKeyDictionary[object, Funnel]" = WeakKeyDictionary()


def note_step(request: HotRequest[Any, Any], step: Step) -> None:
    """Count a step of a request's visitor where its tenant has the funnel on; those of bots are counted apart."""
    tenant, context = request.tenant, request.context
    if tenant is None or not tenant.plugins[context.slug].funnel or request.privacy == "drop":
        return
    if read_agent(request.header(b"user-agent")).is_bot:
        context.count("funnel_bots", step)
    else:
        funnel_of(context).note(tenant, step)


def funnel_of(context: PluginContext) -> Funnel:
    """The funnel of a context's process."""
    found = _of_database.get(context.database)
    if found is None:
        found = _of_database[context.database] = Funnel(context)
    return found


async def start(_context: PluginContext) -> None:
    """Read the list of bots beside the loop, so that the first visitor does not wait for it."""
    await asyncio.to_thread(read_agent, "Mozilla/5.0")


async def stop(context: PluginContext) -> None:
    """Hand over what is left after serving."""
    found = _of_database.pop(context.database, None)
    if found is not None:
        await found.close()
