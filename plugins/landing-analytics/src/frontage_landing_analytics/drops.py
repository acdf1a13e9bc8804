"""What of a shop's events was not kept, and why: counted in memory, to intake every few seconds, without a promise."""

import asyncio
from collections import Counter
from datetime import date
from uuid import UUID

from frontage.plugin import IntakeRefusedError, PluginContext, Tenant, utc_now
from frontage_landing_analytics.streams import Drop, DropReason

PAUSE_SECONDS = 2.0


class Drops:
    """The drops of one process that intake does not have yet: a number for each tenant, day and reason."""

    def __init__(self, context: PluginContext) -> None:
        self._context = context
        self._waiting: Counter[tuple[UUID, date, DropReason]] = Counter()

    def note(self, tenant: Tenant, reason: DropReason) -> None:
        """Count an event that was not kept."""
        self._waiting[tenant.id, tenant.day_at(utc_now()), reason] += 1

    async def send_on(self) -> None:
        """Hand over what has gathered, again and again."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await self.send()

    async def send(self) -> None:
        """Hand over what has gathered; what intake has no room for waits here, as numbers that take none."""
        waiting, self._waiting = self._waiting, Counter()
        # A tenant that was deleted in the meantime has no numbers any more.
        known = self._context.directory.find_tenant_by_id
        drops = [
            Drop(tenant=tenant, day=day, reason=reason, events=events)
            for (tenant, day, reason), events in waiting.items()
            if known(tenant)
        ]
        try:
            if drops:
                await self._context.intake.accept(drops)
        except IntakeRefusedError:
            self._waiting += waiting
