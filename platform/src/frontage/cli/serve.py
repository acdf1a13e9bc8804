"""`frontage serve`: prepares once, then serves in one process or several."""

import asyncio
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from socket import socket
from typing import TYPE_CHECKING

import click
import uvloop

from frontage.app.platform import load_plugins, open_platform, settings_decoder
from frontage.app.shares import check_shares
from frontage.base.database import Database
from frontage.base.errors import ConfigurationError, FrontageError
from frontage.base.logs import configure_logs, get_logger
from frontage.base.memory import settle_memory
from frontage.base.settings import Settings
from frontage.cli.demo.keys import FILE, DemoKeys, ensure_demo_keys
from frontage.cli.demo.seeding import show_plugins
from frontage.cli.operator import WAIT_SECONDS, Operator
from frontage.cli.workers import run_workers
from frontage.edge import server
from frontage.host.migrating import floor_units, pending
from frontage.host.roster import Roster
from frontage.host.tenant_apply import apply_directory
from frontage.tenants.directory import Directory

if TYPE_CHECKING:
    from frontage.cli.demo.site import DemoSite

log = get_logger(__name__)


class NotMigratedError(FrontageError):
    """The database is not at the revision that this code needs."""


class DemoRefusedError(FrontageError):
    """Demo keys were asked for outside the embedded mode."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535), help="The port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 256), help="How many processes.")
@click.option(
    "--wait",
    default=WAIT_SECONDS,
    show_default=True,
    type=click.FloatRange(min=0),
    help="How many seconds to wait for a database that does not answer.",
)
@click.option(
    "--drain",
    default=0,
    show_default=True,
    type=click.IntRange(0, 300),
    help="How many seconds to go on serving, not ready, after SIGTERM, until a balancer has noticed.",
)
@click.option("--demo", is_flag=True, help="Make demo keys for every tenant and print them (embedded mode only).")
@click.pass_obj
def serve(operator: Operator, host: str, port: int, workers: int, wait: float, drain: int, demo: bool) -> None:
    """Serve the platform until SIGTERM. SIGHUP applies the tenant files again (embedded mode only)."""
    settings = replace(operator.settings, processes=operator.settings.processes or workers)
    if not os.environ.get("FRONTAGE_BASE_URL", "").strip():
        settings = replace(settings, base_url=f"http://{f'[{host}]' if ':' in host else host}:{port}")
    if demo and not settings.embedded:
        raise DemoRefusedError("--demo makes keys that are printed; it is for the embedded mode alone")
    keys = operator.run(_prepare(operator, settings, wait=wait, demo=demo))
    run_workers(
        partial(run_worker, settings, drain, keys),
        on_reload=partial(_reload, operator),
        on_listening=partial(_greet, settings, keys),
        host=host,
        port=port,
        workers=workers,
        graceful_seconds=drain + server.GRACEFUL_SECONDS,
    )


def run_worker(settings: Settings, drain: int, keys: Sequence[DemoKeys], index: int, sockets: list[socket]) -> None:
    """Serve in this process until it is told to stop; with demo `keys` the demo's pages too."""
    configure_logs(extra={"worker": index})
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(settings, drain, keys, index, sockets))
    except FrontageError as error:
        log.error("worker.refused", reason=str(error))  # noqa: TRY400  # the reason is the whole story
        sys.exit(ConfigurationError.EXIT_CODE if isinstance(error, ConfigurationError) else 1)
    except Exception:
        # Whatever ends a worker stands in the log like everything else, not as a bare trace beside it.
        log.exception("worker.failed")
        sys.exit(1)


async def _serve(
    settings: Settings, drain: int, keys: Sequence[DemoKeys], index: int, sockets: Sequence[socket]
) -> None:
    demo = _demo_site(keys) if keys else None
    more = demo.routes if demo else ()
    async with open_platform(settings, worker=str(index), more=more) as platform:
        if demo:
            demo.open(platform)
        settle_memory()
        await server.serve(platform.front, sockets=list(sockets), on_draining=platform.drain, drain_seconds=drain)


def _demo_site(keys: Sequence[DemoKeys]) -> "DemoSite":
    from frontage.cli.demo.site import DemoSite

    return DemoSite(keys)


async def _prepare(operator: Operator, settings: Settings, *, wait: float, demo: bool) -> list[DemoKeys]:
    """What is done once, before any worker starts."""
    async with operator.open_database(wait=wait) as database:
        behind = await pending(database, floor_units())
        if behind:
            raise NotMigratedError(f"The database is behind ({'; '.join(behind)}); run frontage migrate first.")
        if settings.embedded:
            await _apply(operator, database)
        roster, _ = await load_plugins(database)
        directory = Directory(database, operator.pepper, settings_decoder(roster))
        await directory.refresh()
        check_shares(directory, roster, settings.processes or 1, has_store=settings.redis_url is not None)
        if not demo:
            return []
        await show_plugins(operator)
        return await ensure_demo_keys(database, operator.pepper, roster, settings.data_dir)


async def _apply(operator: Operator, database: Database) -> None:
    roster: Roster = operator.roster
    plan = await apply_directory(
        database,
        operator.settings.tenants_dir,
        roster.plugins,
        actor="serve",
        unreadable=[entry.slug for entry in roster.stopped],
    )
    if plan.changes:
        log.info("tenants.applied", changed=len(plan.changes))


def _reload(operator: Operator) -> None:
    if not operator.settings.embedded:
        log.warning(
            "tenants.not_applied", reason="outside the embedded mode, frontage tenants apply is a step of the deploy"
        )
        return
    asyncio.run(_reapply(operator))


async def _reapply(operator: Operator) -> None:
    database = Database(operator.settings.database_url)
    try:
        await _apply(operator, database)
    except FrontageError as error:
        log.error("tenants.not_applied", reason=str(error))  # noqa: TRY400  # the reason is the whole story
    finally:
        await database.close()


def _greet(settings: Settings, keys: Sequence[DemoKeys]) -> None:
    base = settings.base_url
    lines = [
        f"frontage {version('frontage')} on {base}",
        *([f"  Look around    {base}/"] if keys else []),
        f"  API reference  {base}/schema",
        f"  Ready?         {base}/health/ready",
        f"  Numbers        {base}/metrics",
    ]
    for one in keys:
        lines += [
            f"  {one.name} ({one.tenant})",
            f"    publishable  {one.publishable}",
            f"    secret       {one.secret}",
        ]
    if keys:
        lines += [
            f"  The keys stay in {settings.data_dir / FILE}. Try:",
            f"    curl -H 'X-API-Key: {keys[0].secret}' {base}/account/api/v1/whoami",
        ]
    click.echo("\n".join(lines))
