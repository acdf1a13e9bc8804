"""A platform that serves the plugin, once on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from frontage.testing import Running, running, settings_for

TENANTS = {
    "acme": 'name = "Acme"\nnumber = 1\n[plugins.loyalty-stamps]\nstamps_per_card = 3\n',
    "bolt": 'name = "Bolt"\nnumber = 2\n[plugins.loyalty-stamps]\n',
}


@pytest.fixture
async def shops(database_url: str, tmp_path: Path) -> AsyncIterator[Running]:
    """Two shops that have the plugin on."""
    async with running(settings_for(database_url, tmp_path), TENANTS) as platform:
        yield platform
