"""Where a plugin is judged: the plugin itself, and a platform on each database that stays open for all rules."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import Table

from frontage.host.migrating import tables_of
from frontage.host.roster import Entry
from frontage.host.tenant_tables import tables_of_streams
from frontage.tenants.tenant import Tenant
from frontage.testing.harness import Running, running, settings_for
from frontage.testing.postgres import PostgresServer
from frontage.testing.project import Project
from frontage.testing.rule import Finding, NotJudgedError, Rule
from frontage.testing.subject import Subject

T = TypeVar("T")

OWNER, OTHER, WITHOUT, LEAVING = "owner", "other", "without", "leaving"
"""The tenants: two that have the plugin on, one that has it off, and one that may be deleted."""
_PLENTY = "1000000;w=60"


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant, and two keys of it that have every scope of the plugin."""

    tenant: Tenant
    secret: str
    publishable: str


class Bench:
    """Everything that the rules of one test class are checked on."""

    def __init__(self, slug: str, values: Mapping[str, Mapping[str, Any]], folder: Path, project: Project) -> None:
        self.subject = Subject(slug, project)
        self._values = {**project.values, **values}
        self._folder = folder
        # A loop of its own, that leaves alone whatever loop other tests have.
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._scenes: dict[str, Scene] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for scene in self._scenes.values():
            self.run(scene.close())
        self._runner.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the loop in which the platforms live."""
        return self._runner.run(work)

    @property
    def project(self) -> Project:
        """What the plugin's pyproject.toml says."""
        return self.subject.project

    def declared(self, rule: Rule) -> Callable[[], list[Finding]]:
        """What finds the faults of a declared rule."""
        return lambda: list(rule.check(self.subject))

    def served(self, rule: Rule, server: PostgresServer | None = None) -> Callable[[], list[Finding]]:
        """What finds the faults of a served rule, on a PostgreSQL server or on SQLite."""
        return lambda: self.run(_all(rule.check(self.scene(server))))

    def scene(self, server: PostgresServer | None = None) -> "Scene":
        """The plugin on a PostgreSQL server, or on SQLite."""
        engine = "postgresql" if server else "sqlite"
        if engine not in self._scenes:
            self._scenes[engine] = Scene(self.subject, self._values, self._folder / engine, server)
        return self._scenes[engine]


async def _all(findings: AsyncIterator[Finding]) -> list[Finding]:
    return [finding async for finding in findings]


class Scene:
    """One plugin on one database."""

    def __init__(
        self, subject: Subject, values: Mapping[str, Mapping[str, Any]], folder: Path, server: PostgresServer | None
    ) -> None:
        self.subject = subject
        self.values = values
        self._folder = folder
        self._server = server
        self._numbers = count()
        self._stack = AsyncExitStack()
        self._running: Running | None = None
        self._shops: dict[str, Shop] = {}
        self._known: dict[Any, Any] = {}

    async def close(self) -> None:
        """Close the platform and remove its database."""
        await self._stack.aclose()

    async def once(self, work: "Callable[[Scene], Awaitable[T]]") -> T:
        """What several rules look at: worked out for the first of them."""
        if work not in self._known:
            self._known[work] = await work(self)
        found: T = self._known[work]
        return found

    @contextmanager
    def empty_database(self) -> Iterator[tuple[str, Path]]:
        """The URL of a new database, and a new folder for everything else."""
        folder = self._folder / str(next(self._numbers))
        folder.mkdir(parents=True)
        if self._server is None:
            yield f"sqlite+aiosqlite:///{folder}/frontage.db", folder
            return
        with self._server.empty_database() as url:
            yield url, folder

    async def entry(self) -> Entry:
        """The plugin as it came into service here, or did not."""
        return (await self._opened()).platform.services.roster.find(self.subject.slug)

    async def running(self) -> Running:
        """The platform that all rules share, serving the plugin to the four tenants."""
        if not (await self.entry()).serves:
            raise NotJudgedError("it does not come into service, see serves")
        return await self._opened()

    async def _opened(self) -> Running:
        if self._running is None:
            assert self.subject.entry
            url, folder = self._stack.enter_context(self.empty_database())
            # A plugin's own jobs would tidy away what a rule has made up, in the moment between two looks.
            platform = running(settings_for(url, folder), {}, [self.subject.candidate], with_jobs=False)
            self._running = await self._stack.enter_async_context(platform)
            if (await self.entry()).serves:
                await self._running.apply(self._files())
        return self._running

    async def tables(self) -> list[Table]:
        """Its tables that the database has, referred ones first, those of its streams last."""
        names = set(await tables_of((await self.running()).database, ""))
        known = [*self.subject.tables, *tables_of_streams(self.subject.entry.streams)]
        return [table for table in known if table.name in names]

    async def shop(self, slug: str) -> Shop:
        """One of the four tenants."""
        if slug not in self._shops:
            running = await self.running()
            scopes = tuple(self.subject.entry.declared.scopes)
            secret = await running.key(slug, scopes=scopes)
            publishable = await running.key(slug, "publishable", scopes=scopes)
            self._shops[slug] = Shop(running.tenant(slug), secret, publishable)
        return self._shops[slug]

    async def new_shop(self, slug: str) -> Shop:
        """One of the four tenants, made again if it was deleted."""
        await (await self.running()).apply(self._files())
        self._shops.pop(slug, None)
        return await self.shop(slug)

    def _files(self) -> dict[str, str]:
        plugin = self.subject.entry.declared
        # Rules ask far more often than any visitor: only the one about limits may meet one.
        names = ("secret", "publishable", *plugin.full_policies)
        policies = "[policies]\n" + "".join(f'"{name}" = "{_PLENTY}"\n' for name in names)
        turned_on = f"[plugins.{plugin.slug}]\n"
        return {
            slug: f'name = "{slug}"\nnumber = {number}\n{policies}{"" if slug == WITHOUT else turned_on}'
            for number, slug in enumerate((OWNER, OTHER, WITHOUT, LEAVING), start=1)
        }
