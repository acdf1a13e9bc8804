"""`frontage intake`: where events are, what a database refused, and whether the counts are right."""

import sys
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.progress import Progress

from frontage.base.database import Database
from frontage.base.errors import DatabaseUnavailableError
from frontage.base.ids import to_short
from frontage.cli.keys import find_tenant
from frontage.cli.operator import Operator
from frontage.cli.tables import print_table
from frontage.intake.backends import backend_for
from frontage.intake.dead_letters import buried, retry
from frontage.intake.errors import StoreAwayError
from frontage.intake.intake import Intake
from frontage.intake.limits import Limits
from frontage.intake.parked import parked_rows, release
from frontage.intake.recount import Difference, recount
from frontage.intake.status import Standing, standing, tenants_of
from frontage.intake.stream import BoundStream

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def intake() -> None:
    """Look after events: status, dead letters, spools, recounts."""


@intake.command()
@_json
@click.pass_obj
def status(operator: Operator, as_json: bool) -> None:
    """Show for each stream what waits where."""
    stands = operator.run(_status(operator))
    if as_json:
        operator.print_json(stands)
        return
    columns = ("stream", "waits for its rollup", "parked", "dead", "in spools here")
    rows = [(one.stream, *map(str, (one.uncounted, one.parked, one.dead, one.spooled))) for one in stands]
    print_table(columns, rows)


@intake.group()
def dead() -> None:
    """Events that the database refused."""


@dead.command("list")
@click.option("--stream", help="Only those of one stream.")
@click.option("--limit", default=100, show_default=True, help="At most so many, the oldest first.")
@_json
@click.pass_obj
def list_(operator: Operator, stream: str | None, limit: int, as_json: bool) -> None:
    """List dead letters with their reasons."""

    async def look() -> list[tuple[str, str, str, str, str]]:
        async with operator.open_database() as database:
            await _refuse_unknown(operator, database, stream)
            found = await buried(database, stream=stream, limit=limit)
        return [(one.stream, to_short(one.tenant), to_short(one.id), one.reason, one.payload) for one in found]

    rows = operator.run(look())
    if as_json:
        names = ("stream", "tenant", "id", "reason", "payload")
        operator.print_json([dict(zip(names, row, strict=True)) for row in rows])
        return
    print_table(("stream", "tenant", "id", "reason"), [row[:4] for row in rows])


@dead.command("retry")
@click.option("--stream", help="Only those of one stream.")
@click.pass_obj
def retry_(operator: Operator, stream: str | None) -> None:
    """Try to store dead letters again; those that are still refused stay."""
    stored, left = operator.run(_retry(operator, stream))
    operator.say(f"{stored} stored, {left} still refused.")


@intake.group()
def parked() -> None:
    """Batches whose rollup raised too often."""


@parked.command("list")
@click.option("--stream", help="Only those of one stream.")
@_json
@click.pass_obj
def list_parked(operator: Operator, stream: str | None, as_json: bool) -> None:
    """List parked batches with what their rollup raised."""

    async def look() -> list[tuple[str, int, str]]:
        async with operator.open_database() as database:
            await _refuse_unknown(operator, database, stream)
            return [(one.stream, one.events, one.reason) for one in await parked_rows(database, stream=stream)]

    rows = operator.run(look())
    if as_json:
        operator.print_json([dict(zip(("stream", "events", "reason"), row, strict=True)) for row in rows])
        return
    print_table(("stream", "events", "reason"), [(label, str(events), reason) for label, events, reason in rows])


@parked.command("retry")
@click.option("--stream", help="Only those of one stream.")
@click.pass_obj
def retry_parked(operator: Operator, stream: str | None) -> None:
    """Let parked batches be counted again, within a second where a worker runs, else by `frontage intake drain`."""

    async def work() -> int:
        async with operator.open_database() as database:
            await _refuse_unknown(operator, database, stream)
            return await release(database, stream=stream)

    operator.say(f"{operator.run(work())} batches wait to be counted again.")


@intake.command()
@click.pass_obj
def drain(operator: Operator) -> None:
    """Replay what dead workers have left in the spools of this host, and count what waits to be counted."""
    replayed, left = operator.run(_drain(operator))
    operator.say(f"{replayed} events replayed." + (f" {left} could not be and stay in the spool." if left else ""))
    if left:
        raise click.exceptions.Exit(1)


@intake.command("recount")
@click.argument("stream")
@click.option("--tenant", help="Its slug, number or id; left out, every tenant of the stream.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only days from here on, whose rows are all kept.")
@click.option("--mend", is_flag=True, help="Put right what is wrong.")
@click.pass_obj
def recount_(operator: Operator, stream: str, tenant: str | None, since: datetime | None, mend: bool) -> None:
    """Count STREAM anew from its rows, compare, and mend if told to; exits with 1 when something was wrong."""
    found = operator.run(_recount(operator, stream, tenant, since, mend))
    for one in found:
        operator.say(f"{one.kind.__name__} {' '.join(map(str, one.key))}: told {one.told}, right {one.right}")
    operator.say(f"{len(found)} rows {'mended' if mend else 'differ'}." if found else "Every count is right.")
    if found and not mend:
        raise click.exceptions.Exit(1)


async def _status(operator: Operator) -> list[Standing]:
    async with operator.open_database() as database:
        return await standing(database, operator.streams(), operator.settings.data_dir)


async def _retry(operator: Operator, stream: str | None) -> tuple[int, int]:
    async with operator.open_database() as database, _answering():
        await _refuse_unknown(operator, database, stream)
        streams = operator.streams()
        backend = backend_for(database, _utc, Limits(budget_seconds=10.0))
        sinks = {one.label: backend.sink(one, patient=True) for one in streams}
        letters = await buried(database, stream=stream)
        results = []
        try:
            with _progress() as progress:
                bar = progress.add_task("dead letters", total=len(letters))
                async for _letter, wrong in retry(database, streams, sinks, letters):
                    results.append(wrong)
                    progress.advance(bar)
        finally:
            for sink in sinks.values():
                await sink.close()
            await backend.close()
        return results.count(None), len(results) - results.count(None)


async def _drain(operator: Operator) -> tuple[int, int]:
    async with operator.open_database() as database:
        name = f"drain-{uuid4().hex[:8]}"
        zones = await _zones(database)
        streams = operator.streams()
        work = Intake(
            database, operator.settings.data_dir, streams, worker=name, zone_of=lambda owner: zones.get(owner, _UTC)
        )
        await work.start()
        with _progress() as progress:
            bar = progress.add_task("events", total=work.adopted)
            async for left in work.draining():
                progress.update(bar, total=work.adopted, completed=work.adopted - left)
        await work.stop()
        return work.adopted - work.undrained, work.undrained


async def _recount(
    operator: Operator, label: str, tenant: str | None, since: datetime | None, mend: bool
) -> list[Difference]:
    stream = _countable(operator.streams(), label)
    async with operator.open_database() as database:
        zones = await _zones(database)
        tenants = await tenants_of(database, stream) if tenant is None else [await _tenant(database, tenant)]
        found = []
        with _progress() as progress:
            for each in progress.track(tenants, description="tenants"):
                first = since.date() if since else None
                found += await recount(
                    database, stream, each, lambda owner: zones.get(owner, _UTC), since=first, mend=mend
                )
        return found


def _countable(streams: Collection[BoundStream], label: str) -> BoundStream:
    """The stream with this label, if its rows are kept and counted."""
    stream = next((one for one in streams if one.label == label), None)
    if stream is None:
        raise click.BadParameter(_unknown(label, [one.label for one in streams]))
    if stream.stream.rollup is None or not stream.stream.keep:
        raise click.BadParameter(f"{label} keeps no rows or counts nothing: there is nothing to compare")
    return stream


async def _refuse_unknown(operator: Operator, database: Database, label: str | None) -> None:
    """Refuse a stream of which there is no trace; what plugins that are gone have left may still be asked for."""
    known = {one.stream for one in await standing(database, operator.streams(), operator.settings.data_dir)}
    if label is not None and label not in known:
        raise click.BadParameter(_unknown(label, known))


def _unknown(label: str, known: Collection[str]) -> str:
    return f"{label} is no stream; there are: {', '.join(sorted(known)) or 'none'}"


async def _tenant(database: Database, text: str) -> UUID:
    async with database.reading() as session:
        return (await find_tenant(session, text)).id


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    """Tell a database that goes away in the middle like one that never answered."""
    try:
        yield
    except StoreAwayError as error:
        raise DatabaseUnavailableError(f"The database does not take it now: {error}") from error


def _progress() -> Progress:
    """A bar for people at a terminal; nothing for whatever else reads."""
    return Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())


async def _zones(database: Database) -> dict[UUID, ZoneInfo]:
    import sqlalchemy as sa

    from frontage.tenants.models import TenantRow

    async with database.reading() as session:
        rows = await session.execute(sa.select(TenantRow.id, TenantRow.timezone))
        return {row[0]: ZoneInfo(row[1]) for row in rows}


_UTC = ZoneInfo("UTC")


def _utc(_tenant: UUID) -> ZoneInfo:
    return _UTC
