"""One platform for all tests of a file, with the kitchen sink and a probe; who needs a quota makes a key."""

import io
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
from production_logs import production_logs
from tests.support.installed import KITCHEN_SINK, SUPPORT, write_metadata

from frontage.host.discovery import Candidate, find_candidates
from frontage.testing.harness import Running, running, settings_for

PROXY = "127.0.0.1"
"""The peer of every request of a test; trusted, so that a test can be any visitor."""
BOTH = "[plugins.kitchen-sink]\n[plugins.probe]\n"
TENANTS = {
    "acme": f'name = "Acme"\nnumber = 7\n{BOTH}',
    "bolt": f'name = "Bolt"\nnumber = 8\n{BOTH}',
    "dark": f'name = "Dark"\nnumber = 9\nstatus = "suspended"\nid = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"\n{BOTH}',
    "bare": 'name = "Bare"\nnumber = 10\n',
    "wide": f'name = "Wide"\nnumber = 11\n[policies]\nsecret = "1000000;w=60"\npublishable = "1000000;w=60"\n'
    f'"kitchen-sink.order" = "1000000;w=60"\n"kitchen-sink.visitor" = "1000000;w=60"\n"probe.visitor" = "1000000;w=60"\n{BOTH}',
}


class Opener:
    """Opens platforms with the plugins of these tests."""

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._candidates = candidates

    def __call__(
        self, url: str, folder: Path, tenants: dict[str, str] = TENANTS, **settings: object
    ) -> AbstractAsyncContextManager[Running]:
        settings.setdefault("trusted_proxies", (PROXY,))
        return running(settings_for(url, folder, **settings), tenants, self._candidates)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("site")
    write_metadata(folder, "kitchen-sink", "frontage_kitchen_sink.plugin:plugin")
    write_metadata(folder, "probe", "frontage_probe.plugin:plugin")
    return [str(folder), str(KITCHEN_SINK), str(SUPPORT / "probe")]


@pytest.fixture(scope="module")
def open_shop(site: list[str]) -> Iterator[Opener]:
    """Opens a platform; on the path only while a file of these tests runs."""
    sys.path[:0] = site
    try:
        yield Opener([one for one in find_candidates() if one.slug in {"kitchen-sink", "probe"}])
    finally:
        for entry in site:
            sys.path.remove(entry)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shop(open_shop: Opener, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """A platform on SQLite, for what no database has a part in."""
    folder = tmp_path_factory.mktemp("shop")
    async with open_shop(f"sqlite+aiosqlite:///{folder}/frontage.db", folder) as shop:
        yield shop


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql"])
async def stored_shop(
    request: pytest.FixtureRequest, open_shop: Opener, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """A platform on each database in turn."""
    folder = tmp_path_factory.mktemp("stored-shop")
    if request.param == "sqlite":
        async with open_shop(f"sqlite+aiosqlite:///{folder}/frontage.db", folder) as shop:
            yield shop
        return
    with request.getfixturevalue("postgres_server").empty_database() as url:
        async with open_shop(url, folder) as shop:
            yield shop


@pytest.fixture(scope="module", autouse=True)
def log() -> Iterator[io.StringIO]:
    """Everything that is logged, as production would write it."""
    with production_logs() as stream:
        yield stream


@pytest.fixture
def lines(log: io.StringIO) -> io.StringIO:
    """What is logged from here on."""
    log.seek(0)
    log.truncate()
    return log
