"""Two shops with the store locator, and real places to fill them with."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from frontage.testing.harness import Running, running, settings_for

from .shop import TENANTS, Shop
from .world import real_world


@pytest.fixture
async def platform(database_url: str, tmp_path: Path) -> AsyncIterator[Running]:
    """A running platform on an empty database."""
    async with running(settings_for(database_url, tmp_path), TENANTS) as started:
        yield started


@pytest.fixture
def acme(platform: Running) -> Shop:
    """A shop in the United States."""
    return Shop(platform, "acme")


@pytest.fixture
def bolt(platform: Running) -> Shop:
    """Another shop."""
    return Shop(platform, "bolt")


@pytest.fixture(scope="session")
def world() -> list[dict[str, Any]]:
    """Real places and awkward ones."""
    return real_world()
