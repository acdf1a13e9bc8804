"""What the host lends a plugin: the database, the tenants, a place for files, a logger."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from frontage.base.database import Database
from frontage.base.logs import Logger
from frontage.intake.intake import Intake
from frontage.intake.reading import Rollups
from frontage.plugin.models import bind_to_tenant
from frontage.tenants.directory import Directory
from frontage.tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class PluginContext:
    """One plugin's view of the platform, in one process."""

    slug: str
    database: Database
    directory: Directory
    intake: Intake
    data_dir: Path
    log: Logger
    base_url: str = ""
    """Where the platform is reached from outside."""
    counted: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often the plugin has counted what, by what and reason."""
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process begins to end: an answer that would go on for ever ends then, cleanly."""

    def count(self, what: str, reason: str = "", times: int = 1) -> None:
        """Count something for the operator: `frontage_plugin_counted_total{plugin, what, reason}` in the metrics.

        Both words come from the plugin's code, never from a request: each new one is a series for ever.
        """
        self.counted[what, reason] += times

    @asynccontextmanager
    async def reading(self, tenant: Tenant) -> AsyncIterator[AsyncSession]:
        """A session that reads the rows of one tenant."""
        async with self.database.reading() as session:
            yield bind_to_tenant(session, tenant.id)

    @asynccontextmanager
    async def writing(self, tenant: Tenant) -> AsyncIterator[AsyncSession]:
        """A session that writes the rows of one tenant; committed when the block ends well."""
        async with self.database.writing() as session:
            yield bind_to_tenant(session, tenant.id)

    def rollups(self, tenant: Tenant) -> Rollups:
        """What has been counted for a tenant from the plugin's streams."""
        return self.intake.rollups(tenant.id)

    def tenants_with_plugin(self) -> list[Tenant]:
        """The active tenants that have this plugin on."""
        return [tenant for tenant in self.directory.tenants if self.slug in tenant.plugins]
