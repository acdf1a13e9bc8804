"""A running platform inside a test: real database, real plugins, real requests; no network unless it listens."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Select, select

from frontage.app.platform import Platform, load_plugins, open_platform
from frontage.base.database import Database
from frontage.base.settings import Settings
from frontage.edge.server import LOOPBACK, listen, serve
from frontage.host.discovery import Candidate
from frontage.host.migrating import migrate
from frontage.host.tenant_apply import apply_directory
from frontage.intake.tables import outbox
from frontage.tenants.key_format import KeyKind
from frontage.tenants.keys import KeyRequest, create_key
from frontage.tenants.models import TenantRow
from frontage.tenants.tenant import Tenant
from frontage.testing.leaving import Leaving

SECRET = "a secret that only tests use, long enough"  # noqa: S105  # it protects nothing
BASE_URL = "http://frontage.test"


@dataclass(frozen=True, slots=True)
class Running:
    """A platform that answers requests."""

    platform: Platform
    client: httpx.AsyncClient
    settings: Settings

    @property
    def database(self) -> Database:
        """Its database."""
        return self.platform.services.database

    def tenant(self, slug: str) -> Tenant:
        """An active tenant."""
        found = self.platform.services.directory.find_tenant_by_slug(slug)
        assert found is not None, f"{slug} is no active tenant"
        return found

    async def key(self, slug: str, kind: str = "secret", **request: Any) -> str:
        """The text of a new key of a tenant."""
        services = self.platform.services
        wanted = KeyRequest(KeyKind(kind), **request)
        async with services.database.writing() as session:
            tenant_id = (await session.scalars(select(TenantRow.id).where(TenantRow.slug == slug))).one()
            made = await create_key(session, services.pepper, tenant_id, wanted, "test")
        await services.directory.refresh()
        return made.text

    async def apply(self, files: dict[str, str]) -> None:
        """Put these tenant files in place of all others and apply them."""
        folder = self.settings.tenants_dir
        for old in folder.glob("*.toml"):
            old.unlink()
        write_tenants(folder, files)
        plugins = self.platform.services.roster.plugins
        await apply_directory(self.database, folder, plugins, actor="test", allow_suspend=True)
        await self.platform.services.directory.refresh()

    async def counted(self, seconds: float = 20) -> None:
        """Wait until every event that was accepted is counted."""
        waiting = select(outbox.c.id).where(~outbox.c.parked).limit(1)
        async with asyncio.timeout(seconds):
            while await self._finds(waiting):  # noqa: ASYNC110 - the answer is in the database, which rings no bell
                await asyncio.sleep(0.01)

    async def _finds(self, query: Select[Any]) -> bool:
        async with self.database.reading() as session:
            return (await session.execute(query)).first() is not None


def settings_for(database_url: str, folder: Path, **changes: Any) -> Settings:
    """Settings of a platform that keeps everything in one folder."""
    embedded = database_url.startswith("sqlite")
    words = {"data_dir": folder / "var", "tenants_dir": folder / "tenants", "secret": SECRET, "base_url": BASE_URL}
    return Settings(database_url=database_url, embedded=embedded, **{**words, **changes})


def write_tenants(folder: Path, files: dict[str, str]) -> None:
    """Write tenant files by slug."""
    folder.mkdir(parents=True, exist_ok=True)
    for slug, text in files.items():
        folder.joinpath(f"{slug}.toml").write_text(text)


@asynccontextmanager
async def running(
    settings: Settings,
    tenants: dict[str, str],
    candidates: Sequence[Candidate] | None = None,
    *,
    with_jobs: bool = True,
) -> AsyncIterator[Running]:
    """Migrate, apply the tenant files, and open the platform; `candidates` are the installed plugins unless given.

    Without jobs nothing that is due each minute or day happens: only what is asked changes a row.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    write_tenants(settings.tenants_dir, tenants)
    await _prepare(settings, candidates)
    async with open_platform(settings, candidates, with_jobs=with_jobs) as platform:
        transport = httpx.ASGITransport(Leaving(platform.front), raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield Running(platform, client, settings)


@asynccontextmanager
async def listening(shop: Running, *, port: int = 0, prefix: str = "") -> AsyncIterator[str]:
    """Let others than its own client ask a platform, a browser for example; gives the URL, on a free port of loopback.

    With a `prefix` it answers as behind a reverse proxy that has it at such a path of a larger site.
    """
    door = listen(LOOPBACK, port)
    url = f"http://{LOOPBACK}:{door.getsockname()[1]}{prefix}"
    app = _Under(prefix, shop.platform.front) if prefix else shop.platform.front
    task = asyncio.create_task(serve(app, sockets=[door], on_draining=lambda: None))
    try:
        yield url
    finally:
        task.cancel()
        await asyncio.wait([task])


class _Under:
    """Takes a prefix off every path, and knows nothing outside it."""

    def __init__(self, prefix: str, app: Any) -> None:
        self._prefix = prefix
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].removeprefix(self._prefix) if scope["path"].startswith(f"{self._prefix}/") else "/"
        await self._app({**scope, "path": path, "raw_path": path.encode()}, receive, send)


async def _prepare(settings: Settings, candidates: Sequence[Candidate] | None) -> None:
    database = Database(settings.database_url)
    try:
        roster, _ = await load_plugins(database, candidates, migrated=False)
        await migrate(database, roster)
        await apply_directory(database, settings.tenants_dir, roster.plugins, actor="test", allow_suspend=True)
    finally:
        await database.close()
