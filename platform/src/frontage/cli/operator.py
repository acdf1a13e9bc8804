"""What every command works with: the settings, the database, the plugins, and a way to speak."""

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any, TypeVar

import click
import msgspec

from frontage.base.database import Database
from frontage.base.errors import ConfigurationError, DatabaseUnavailableError, FrontageError
from frontage.base.logs import configure_logs
from frontage.base.pepper import Pepper, load_pepper
from frontage.base.settings import Settings
from frontage.host.discovery import find_candidates
from frontage.host.loading import load_parts, load_roster, resolve
from frontage.host.roster import Roster
from frontage.intake.stream import BoundStream, bind
from frontage.plugin.context import PluginContext
from frontage.plugin.declaration import Plugin

T = TypeVar("T")

WAIT_SECONDS = 30.0
"""How long a command waits for a database that does not answer."""


class NotInServiceError(FrontageError):
    """A command of a plugin was called that the host does not let serve."""


class Operator:
    """Somebody at the command line."""

    def __init__(self) -> None:
        configure_logs()

    @cached_property
    def settings(self) -> Settings:
        """The settings; wrong ones end the command with the list of mistakes."""
        return Settings.from_environment(os.environ)

    @cached_property
    def pepper(self) -> Pepper:
        """What digests of keys are made with."""
        return load_pepper(self.settings)

    @cached_property
    def roster(self) -> Roster:
        """Every installed plugin, loaded as far as it can be."""
        roster = load_roster(find_candidates())
        load_parts(roster)
        return roster

    @cached_property
    def actor(self) -> str:
        """Whom the audit names."""
        try:
            return f"cli:{getpass.getuser()}"
        except (KeyError, OSError):
            return f"cli:{os.getuid()}"

    def plugins(self) -> Mapping[str, Plugin]:
        """The declarations of the plugins that can be read."""
        return self.roster.plugins

    def streams(self) -> list[BoundStream]:
        """The streams of every plugin that can be read."""
        declared = [(slug, plugin.streams) for slug, plugin in self.plugins().items() if plugin.streams is not None]
        return [stream for slug, name in declared for stream in bind(slug, resolve(name))]

    async def meet_plugins(self) -> Roster:
        """Every installed plugin, as far as it would come now; a database that is there and answers has its say."""
        from frontage.app.platform import load_plugins, own_document
        from frontage.host.migrating import migrate
        from frontage.host.mounting import prove

        try:
            database = await self._existing_database()
        except (ConfigurationError, DatabaseUnavailableError):
            database = None
        if database is None:
            prove(self.roster, own_document())
            return self.roster
        embedded = self.settings.embedded
        try:
            self.roster, _ = await load_plugins(database, migrated=not embedded)
            if embedded:
                await migrate(database, self.roster)
        finally:
            await database.close()
        return self.roster

    async def _existing_database(self) -> Database | None:
        database = Database(self.settings.database_url)
        if database.file and not database.file.exists():
            return None
        await database.wait(seconds=0, say=lambda _text: None)
        return database

    @asynccontextmanager
    async def open_database(self, *, wait: float = WAIT_SECONDS) -> AsyncIterator[Database]:
        """The database, as soon as it answers; the embedded one is made and migrated when it is not there."""
        if self.settings.embedded:
            self.settings.make_data_dir()
        database = Database(self.settings.database_url)
        try:
            await database.wait(seconds=wait, say=lambda text: click.echo(text, err=True))
            if self.settings.embedded:
                from frontage.host.migrating import migrate

                await migrate(database, self.roster)
            yield database
        finally:
            await database.close()

    @asynccontextmanager
    async def lend(self, slug: str) -> AsyncIterator[PluginContext]:
        """What the commands of a plugin work with: its context, without a server; events after `intake.begin()`."""
        from frontage.app.platform import settings_decoder
        from frontage.host.contexts import make_contexts
        from frontage.intake.intake import Intake
        from frontage.tenants.directory import Directory

        async with self.open_database() as database:
            if not (entry := self.roster.find(slug)).serves:
                raise NotInServiceError(f"The plugin {slug} is not in service: {entry.reason}")
            directory = Directory(database, self.pepper, settings_decoder(self.roster))
            await directory.refresh()
            streams = [stream for entry in self.roster.serving for stream in entry.streams]
            intake = Intake(database, self.settings.data_dir, streams, worker="command", zone_of=directory.zone_of)
            try:
                settings = self.settings
                contexts = make_contexts(self.roster, database, directory, intake, settings.data_dir, settings.base_url)
                yield contexts[slug]
            finally:
                if intake.started:
                    await intake.stop()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a command's coroutine."""
        return asyncio.run(work)

    def say(self, text: str) -> None:
        """Print a line for people."""
        click.echo(text)

    def print_json(self, value: Any) -> None:
        """Print a value for programs."""
        sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")
