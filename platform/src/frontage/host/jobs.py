"""Regular jobs of the platform and its plugins: due by a row in the database, so that one process of all runs each."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from frontage.base.clock import utc_now
from frontage.base.database import Database, is_unavailable
from frontage.base.logs import get_logger
from frontage.host.errors import CONTAINED
from frontage.tenants.models import JobRow

log = get_logger(__name__)

_LOOK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DueWork:
    """A job together with what runs it."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[object]]


class JobRunner:
    """Looks every few seconds whether something is due."""

    def __init__(self, database: Database, works: Iterable[DueWork]) -> None:
        self._database = database
        self._works = list(works)
        self._tasks: list[asyncio.Task[None]] = []
        self._away = False

    async def start(self) -> None:
        """Begin looking, for each job by itself: one that takes long holds up no other."""
        self._tasks = [asyncio.create_task(self._look(work)) for work in self._works]

    async def stop(self) -> None:
        """Stop looking; a job under way is cancelled and will be due again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run_due(self) -> list[str]:
        """Run what is due now; tells the names."""
        return [work.name for work in self._works if await self._run_if_due(work)]

    async def _look(self, work: DueWork) -> None:
        while True:
            # Spread out, so that the workers of many hosts do not all ask in the same moment.
            await asyncio.sleep(_LOOK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311  # no secret depends on it
            await self._run_if_due(work)

    async def _run_if_due(self, work: DueWork) -> bool:
        try:
            claimed = await self._claim(work)
            self._note_back()
            if claimed:
                await work.run()
        except CONTAINED as error:
            # A failing job must not keep the others from running; it is due again next time.
            if is_unavailable(error):
                self._note_away(work, error)
            else:
                log.exception("job.failed", job=work.name)
            return False
        return claimed

    def _note_away(self, work: DueWork, error: BaseException) -> None:
        """Told once, by whichever job meets it first."""
        if not self._away:
            log.warning("jobs.database_away", job=work.name, reason=str(error) or type(error).__name__)
        self._away = True

    def _note_back(self) -> None:
        if self._away:
            log.info("jobs.database_back")
        self._away = False

    async def _claim(self, work: DueWork) -> bool:
        now = utc_now()
        insert = sqlite.insert if self._database.dialect == "sqlite" else postgresql.insert
        first = insert(JobRow).values(name=work.name, began_at=now).on_conflict_do_nothing().returning(JobRow.name)
        due = (
            update(JobRow)
            .where(JobRow.name == work.name, JobRow.began_at <= now - work.every)
            .values(began_at=now)
            .returning(JobRow.name)
        )
        async with self._database.writing() as session:
            return bool((await session.execute(first)).all() or (await session.execute(due)).all())
