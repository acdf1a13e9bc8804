"""Keeping a worker's directory in step: woken by NOTIFY where there is one, by polling everywhere."""

import asyncio
import contextlib
from datetime import UTC, datetime

import asyncpg

from frontage.base.database import Database, is_unavailable
from frontage.base.logs import get_logger
from frontage.tenants import queries
from frontage.tenants.directory import Directory
from frontage.tenants.revision import CHANNEL

log = get_logger(__name__)

POLL_SECONDS = 0.25
POLL_SECONDS_WITH_NOTIFY = 0.8
USAGE_SECONDS = 30.0

_REFRESH_SECONDS = 10.0


class DirectoryWatch:
    """Two tasks beside the requests: one refreshes the directory, the other notes which keys were used."""

    def __init__(self, database: Database, directory: Directory) -> None:
        self._database = database
        self._directory = directory
        self._changed = asyncio.Event()
        self._listener: asyncpg.Connection[asyncpg.Record] | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._healthy = True

    async def start(self) -> None:
        """Begin watching."""
        self._tasks = [asyncio.create_task(self._follow()), asyncio.create_task(self._note_usage())]

    async def stop(self) -> None:
        """Stop watching, and write down what was not written yet."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listener is not None:
            self._listener.terminate()
        with contextlib.suppress(Exception):  # the database may be away by now; a last-used time is no promise
            await write_usage(self._database, self._directory)

    async def _follow(self) -> None:
        pause = POLL_SECONDS if self._database.dialect == "sqlite" else POLL_SECONDS_WITH_NOTIFY
        while True:
            # Never wait_for: on Python 3.11 it loses a cancellation that comes together with the result.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            self._changed.clear()
            await self._refresh()

    async def _refresh(self) -> None:
        try:
            await self._listen()
            async with asyncio.timeout(_REFRESH_SECONDS):
                await self._directory.refresh()
        except Exception as error:  # noqa: BLE001
            # The snapshot in memory goes on serving, whatever keeps the database from answering.
            if self._healthy:
                log.warning(
                    "directory.stale",
                    reason=str(error) or type(error).__name__,
                    unavailable=is_unavailable(error),
                )
            self._healthy = False
        else:
            if not self._healthy:
                log.info("directory.current", revision=self._directory.revision)
            self._healthy = True

    async def _listen(self) -> None:
        if self._database.dialect == "sqlite" or (self._listener and not self._listener.is_closed()):
            return
        dsn = self._database.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._listener = await asyncpg.connect(dsn, timeout=5, command_timeout=5)
        await self._listener.add_listener(CHANNEL, lambda *_: self._changed.set())

    async def _note_usage(self) -> None:
        while True:
            await asyncio.sleep(USAGE_SECONDS)
            try:
                await write_usage(self._database, self._directory)
            except Exception as error:  # noqa: BLE001  # a last-used time is no promise; the next round writes newer ones
                log.warning("keys.usage_not_written", reason=str(error) or type(error).__name__)


async def write_usage(database: Database, directory: Directory) -> None:
    """Write down when keys were last used; one statement a key, all in one transaction, never one a request.

    A key that was found by the previous secret is digested anew, so that this secret can be dropped after a while.
    """
    used, outdated = directory.take_used(), directory.take_outdated()
    if not used:
        return
    async with database.writing() as session:
        for key, moment in sorted(used.items(), key=lambda item: (item[0].tenant.id, item[0].id)):
            at = datetime.fromtimestamp(moment, UTC)
            await queries.mark_key_used(session, key.tenant.id, key.id, last_used_at=at, **outdated.get(key, {}))
