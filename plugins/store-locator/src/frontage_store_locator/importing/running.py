"""One import from beginning to end: read, check, compare, write."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import Table, bindparam, insert, update

from frontage.plugin import PluginContext, Session, Tenant, utc_now
from frontage_store_locator.importing.checking import Checked, check_rows
from frontage_store_locator.importing.faults import WHOLE_ROW, Fault
from frontage_store_locator.importing.plan import MOST_VANISHING, Plan, Planner, Values, read_stored
from frontage_store_locator.importing.source import Source, UnreadableFileError, read_source
from frontage_store_locator.models import Place
from frontage_store_locator.nearby.engines import engines_of
from frontage_store_locator.place_reading import BLANK
from frontage_store_locator.queries import next_version
from frontage_store_locator.settings import Settings

_ROWS_AT_A_TIME = 500
_WRITTEN_AT_A_TIME = 1_000
_PLACES = cast("Table", Place.__table__)


class Options(Struct, frozen=True):
    """What an import may and may not do."""

    dry_run: bool = False
    """Find everything out and write nothing."""
    skip_invalid: bool = False
    """Import the right rows although others are wrong."""
    full_sync: bool = False
    """Remove the places that the file does not have."""
    allow_removal: bool = False
    """Also when they are more than a fifth of all."""


class Outcome(Struct, frozen=True):
    """What an import did, or would do."""

    format: str = ""
    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: int = 0
    """Rows with errors."""
    errors: int = 0
    warnings: int = 0
    written: bool = False
    """Whether anything was to be written: no dry run, and nothing stood in the way."""
    message: str = ""
    """Why nothing was written, where something stood in the way."""


@dataclass(slots=True)
class Progress:
    """How far an import is; read by whoever shows it."""

    stage: str = "reading"
    done: int = 0
    total: int | None = None


@dataclass(slots=True)
class Import:
    """An import of one file into one tenant's places."""

    context: PluginContext
    tenant: Tenant
    options: Options
    progress: Progress = field(default_factory=Progress)
    faults: list[Fault] = field(default_factory=list)

    async def run(self, data: bytes) -> Outcome:
        """Import a file; whatever is wrong with it stands in the outcome and in `faults`."""
        try:
            source = await asyncio.to_thread(read_source, data)
            plan, rows = await self._plan(source)
        except UnreadableFileError as error:
            self.faults.append(Fault(0, "file", str(error)))
            return Outcome(errors=1, message=str(error))
        wrong = {fault.row for fault in self.faults if fault.is_error}
        outcome = Outcome(
            format=source.format,
            rows=rows,
            created=len(plan.created),
            updated=len(plan.updated),
            unchanged=plan.unchanged,
            removed=len(plan.removed),
            skipped=len(wrong),
            errors=sum(fault.is_error for fault in self.faults),
            warnings=sum(not fault.is_error for fault in self.faults),
            message=self._obstacle(plan, len(wrong)),
        )
        if outcome.message or self.options.dry_run:
            return outcome
        await self._write(plan)
        return Outcome(**{**_members(outcome), "written": True})

    async def _plan(self, source: Source) -> tuple[Plan, int]:
        """Check in a thread, a few hundred rows at a time, so that this process goes on answering."""
        self.progress.stage = "checking"
        self.faults += [Fault(0, "file", note, is_error=False) for note in _notes(source)]
        checked, rows = check_rows(source.rows), 0
        async with self.context.reading(self.tenant) as session:
            planner = Planner(await read_stored(session), self._settings)
            while batch := await asyncio.to_thread(_take, checked):
                for one in batch:
                    await planner.take(session, one)
                    self.faults += one.faults
                    await asyncio.sleep(0)
                rows += len(batch)
                self.progress.done = rows
        names = {0: "a place that is stored"}
        for row, other in planner.repetitions():
            message = f"Perhaps the same as {names.get(other, f'row {other}')}: one name, less than 150 m apart."
            self.faults.append(Fault(row, WHOLE_ROW, message, is_error=False))
        return planner.finish(full_sync=self.options.full_sync), rows

    @property
    def _settings(self) -> Settings:
        settings = self.tenant.plugins[self.context.slug]
        assert isinstance(settings, Settings)
        return settings

    def _obstacle(self, plan: Plan, wrong: int) -> str:
        if wrong and not self.options.skip_invalid:
            return f"Nothing was imported: {wrong} {'row has' if wrong == 1 else 'rows have'} errors."
        if plan.removes_too_many and not self.options.allow_removal:
            share = f"{MOST_VANISHING:.0%}"
            return f"Nothing was imported: {len(plan.removed)} of {plan.stored} places would vanish, more than {share}."
        return ""

    async def _write(self, plan: Plan) -> None:
        """In batches, so that nobody else waits long; what breaks off is completed by importing once more."""
        self.progress.stage, self.progress.done = "writing", 0
        self.progress.total = len(plan.created) + len(plan.updated) + len(plan.removed)
        gone = [{**BLANK, "status": "closed", "id": one} for one in plan.removed]
        for places, write in ((plan.created, _insert), (plan.updated, _update), (gone, _bury)):
            for start in range(0, len(places), _WRITTEN_AT_A_TIME):
                batch = places[start : start + _WRITTEN_AT_A_TIME]
                async with self.context.writing(self.tenant) as session:
                    version = await next_version(session, self.tenant.id)
                    await write(session, self._stamped(batch, version))
                self.progress.done += len(batch)
        engines_of(self.context).memory.look_again()

    def _stamped(self, places: list[Values], version: int) -> list[Values]:
        stamp = {"tenant_id": self.tenant.id, "version": version, "updated_at": utc_now()}
        return [{**place, **stamp} for place in places]


def _take(checked: Iterator[Checked]) -> list[Checked]:
    return list(islice(checked, _ROWS_AT_A_TIME))


def _notes(source: Source) -> Iterator[str]:
    yield from source.notes
    for header in source.ignored[:50]:
        yield f"The column {header.strip()[:80]} is not known and was left out."


async def _insert(session: Session, places: list[Values]) -> None:
    rows = [{**place, "created_at": place["updated_at"], "deleted_at": None} for place in places]
    await session.execute(insert(Place), rows)


async def _bury(session: Session, places: list[Values]) -> None:
    await _update(session, [{**place, "deleted_at": place["updated_at"]} for place in places])


async def _update(session: Session, places: list[Values]) -> None:
    connection = await session.connection()
    for columns, alike in groupby(sorted(places, key=_changed), key=_changed):
        statement = (
            update(_PLACES)
            .where(_PLACES.c.tenant_id == bindparam("its_tenant_id"), _PLACES.c.id == bindparam("its_id"))
            .values({column: bindparam(f"its_new_{column}") for column in columns})
        )
        await connection.execute(statement, [_parameters(place, columns) for place in alike])


def _changed(place: Values) -> tuple[str, ...]:
    return tuple(sorted(place.keys() - {"id", "tenant_id"}))


def _parameters(place: Values, columns: tuple[str, ...]) -> dict[str, Any]:
    whose = {"its_tenant_id": place["tenant_id"], "its_id": place["id"]}
    return whose | {f"its_new_{column}": place[column] for column in columns}


def _members(outcome: Outcome) -> dict[str, Any]:
    return {name: getattr(outcome, name) for name in outcome.__struct_fields__}
