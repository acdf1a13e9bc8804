"""A worker of its own: opens the platform, and tells the hash of a visitor of one shop when it is asked."""

import asyncio
import logging
import sys
from datetime import date
from pathlib import Path

from frontage.app.platform import open_platform
from frontage.base.logs import configure_logs
from frontage.testing.harness import settings_for
from frontage_landing_analytics.memory import Memory
from frontage_landing_analytics.visitors import visitor_hash


async def main(url: str, folder: Path, slug: str) -> None:
    async with open_platform(settings_for(url, folder)) as platform:
        services = platform.services
        tenant = services.directory.find_tenant_by_slug(slug)
        context = platform.router.state.contexts["landing-analytics"]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        salts = Memory(context).salts
        salt = await salts.found(tenant, date(2040, 1, 1), "month")
        sys.stdout.write(f"{visitor_hash(salt, tenant.id, '203.0.113.7')}\n")
        sys.stdout.flush()


configure_logs(level=logging.ERROR)
asyncio.run(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
