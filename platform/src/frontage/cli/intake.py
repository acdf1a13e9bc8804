"""`frontage intake`: where events are, what a database refused, and whether the counts are right."""

import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import click
from rich.progress import Progress

from frontage.base.database import Database
from frontage.base.ids import parse_id, to_short
from frontage.cli.operator import Operator
from frontage.cli.tables import print_table
from frontage.intake.backends import backend_for
from frontage.intake.dead_letters import buried, retry
from frontage.intake.intake import Intake
from frontage.intake.limits import Limits
from frontage.intake.recount import Difference, recount
from frontage.intake.status import Standing, standing, tenants_of
from frontage.intake.stream import BoundStream, bind

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
        async with _opened(operator) as database:
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


@intake.command()
@click.pass_obj
def drain(operator: Operator) -> None:
    """Replay what dead workers have left in the spools of this host, and count what waits to be counted."""
    replayed = operator.run(_drain(operator))
    operator.say(f"{replayed} events replayed.")


@intake.command("recount")
@click.argument("stream")
@click.option("--tenant", help="Its id; left out, every tenant of the stream.")
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


@asynccontextmanager
async def _opened(operator: Operator) -> AsyncIterator[Database]:
    database = Database(operator.settings.database_url)
    try:
        yield database
    finally:
        await database.close()


def bound_streams(operator: Operator) -> list[BoundStream]:
    """The streams of every plugin that can be read."""
    declared = [(slug, plugin.streams) for slug, plugin in operator.plugins().items() if plugin.streams is not None]
    return [stream for slug, name in declared for stream in bind(slug, pkgutil.resolve_name(name))]


async def _status(operator: Operator) -> list[Standing]:
    async with _opened(operator) as database:
        return await standing(database, bound_streams(operator), operator.settings.data_dir)


async def _retry(operator: Operator, stream: str | None) -> tuple[int, int]:
    async with _opened(operator) as database:
        streams = bound_streams(operator)
        backend = backend_for(database, _utc, Limits(budget_seconds=10.0))
        sinks = {one.label: backend.sink(one, patient=True) for one in streams}
        letters = await buried(database, stream=stream)
        results = []
        with Progress() as progress:
            bar = progress.add_task("dead letters", total=len(letters))
            async for _letter, wrong in retry(database, streams, sinks, letters):
                results.append(wrong)
                progress.advance(bar)
        for sink in sinks.values():
            await sink.close()
        await backend.close()
        return results.count(None), len(results) - results.count(None)


async def _drain(operator: Operator) -> int:
    async with _opened(operator) as database:
        name = f"drain-{uuid4().hex[:8]}"
        work = Intake(database, operator.settings.data_dir, bound_streams(operator), worker=name, zone_of=_utc)
        await work.start()
        total = work.health().spooled
        with Progress() as progress:
            bar = progress.add_task("events", total=total)
            async for left in work.draining():
                progress.update(bar, completed=total - left)
        left = work.health().spooled
        await work.stop()
        return total - left


async def _recount(
    operator: Operator, label: str, tenant: str | None, since: datetime | None, mend: bool
) -> list[Difference]:
    stream = next((one for one in bound_streams(operator) if one.label == label), None)
    if stream is None:
        known = ", ".join(one.label for one in bound_streams(operator))
        raise click.BadParameter(f"{label} is no stream; there are: {known or 'none'}")
    one = None if tenant is None else parse_id(tenant)
    if tenant is not None and one is None:
        raise click.BadParameter(f"{tenant} is no id of a tenant")
    async with _opened(operator) as database:
        zones = await _zones(database)
        tenants = [one] if one else await tenants_of(database, stream)
        found = []
        with Progress() as progress:
            for each in progress.track(tenants, description="tenants"):
                first = since.date() if since else None
                found += await recount(
                    database, stream, each, lambda owner: zones.get(owner, _UTC), since=first, mend=mend
                )
        return found


async def _zones(database: Database) -> dict[UUID, ZoneInfo]:
    import sqlalchemy as sa

    from frontage.tenants.models import TenantRow

    async with database.reading() as session:
        rows = await session.execute(sa.select(TenantRow.id, TenantRow.timezone))
        return {row[0]: ZoneInfo(row[1]) for row in rows}


_UTC = ZoneInfo("UTC")


def _utc(_tenant: UUID) -> ZoneInfo:
    return _UTC
