"""What every plugin that serves is lent, and its hooks around the time in which it serves."""

import asyncio
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, Metric

from frontage.base.database import Database
from frontage.base.logs import get_logger
from frontage.edge.hot import HotRoute
from frontage.host.errors import CONTAINED, PluginError, Stage, told
from frontage.host.jobs import DueWork
from frontage.host.loading import resolve
from frontage.host.roster import Entry, Roster
from frontage.intake.intake import Intake
from frontage.plugin.context import PluginContext
from frontage.tenants.directory import Directory

log = get_logger(__name__)

START_SECONDS = 10.0
STOP_SECONDS = 5.0
_GRACE_SECONDS = 0.5
"""A hook that awaits is ended by then; one that does not holds the loop."""

Contexts = dict[str, PluginContext]


def make_contexts(
    roster: Roster,
    database: Database,
    directory: Directory,
    intake: Intake,
    data_dir: Path,
    base_url: str = "",
    *,
    draining: asyncio.Event | None = None,
) -> Contexts:
    """A context for every plugin that serves; all of them hear of one end."""
    draining = draining or asyncio.Event()
    return {
        entry.slug: PluginContext(
            slug=entry.slug,
            database=database,
            directory=directory,
            intake=intake,
            data_dir=data_dir / "plugins" / entry.slug,
            log=get_logger(f"plugin.{entry.slug}"),
            base_url=base_url,
            draining=draining,
        )
        for entry in roster.serving
    }


def bound_hot_routes(roster: Roster, contexts: Contexts) -> list[HotRoute]:
    """The hot routes of every plugin that serves, each with its context."""
    return [replace(route, context=contexts[entry.slug]) for entry in roster.serving for route in entry.hot]


class PluginCounts:
    """What plugins count, for a Prometheus registry."""

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts

    def collect(self) -> Iterator[Metric]:
        """One family of all."""
        family = CounterMetricFamily(
            "frontage_plugin_counted", "What plugins count.", labels=["plugin", "what", "reason"]
        )
        for slug, context in self._contexts.items():
            # Counted on the loop's thread, read on another: a copy is taken in one step.
            for (what, reason), number in context.counted.copy().items():
                family.add_metric([slug, what, reason], number)
        yield family


async def start_plugins(roster: Roster, contexts: Contexts, *, seconds: float = START_SECONDS) -> None:
    """Call the start hooks, all at once; a plugin that raises or takes too long is taken out of service."""
    await asyncio.gather(*(_start(entry, contexts[entry.slug], seconds) for entry in roster.serving))


async def _start(entry: Entry, context: PluginContext, seconds: float) -> None:
    hook = entry.declared.start
    if hook is None:
        return
    loop = asyncio.get_running_loop()
    began = loop.time()
    try:
        with _watched(entry, seconds):
            async with asyncio.timeout(seconds):
                await resolve(hook)(context)
        # Code that held the loop was ended by no timer; it would hold it again while others are served.
        late = loop.time() - began > seconds
    except TimeoutError:
        late = True
    except CONTAINED as error:  # a plugin's hook may raise anything
        entry.stop(PluginError(Stage.START_FAILED, f"its start failed: {told(error)}"))
        return
    if late:
        entry.stop(PluginError(Stage.START_FAILED, f"its start took longer than {seconds:g} seconds"))


@contextmanager
def _watched(entry: Entry, seconds: float) -> Iterator[None]:
    """Name the plugin whose hook holds the loop: from within the loop nobody could, and the process seems to hang."""
    facts = {"plugin": entry.slug, "seconds": seconds, "fix": "await what takes long, or asyncio.to_thread it"}
    watch = threading.Timer(seconds + _GRACE_SECONDS, log.error, ("plugin.start_blocks",), facts)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


async def stop_plugins(entries: Iterable[Entry], contexts: Contexts, *, seconds: float = STOP_SECONDS) -> None:
    """Call the stop hooks, all at once; one that raises or takes too long does not keep the others from theirs."""
    await asyncio.gather(*(_stop(entry, contexts[entry.slug], seconds) for entry in entries))


async def _stop(entry: Entry, context: PluginContext, seconds: float) -> None:
    hook = entry.declared.stop
    if hook is None:
        return
    try:
        async with asyncio.timeout(seconds):
            await resolve(hook)(context)
    except CONTAINED:
        log.exception("plugin.stop_failed", plugin=entry.slug)


def plugin_jobs(roster: Roster, contexts: Contexts) -> list[DueWork]:
    """The jobs of every plugin that serves."""
    return [
        DueWork(f"{entry.slug}.{job.name}", job.every, _Run(job.run, contexts[entry.slug]))
        for entry in roster.serving
        for job in entry.declared.jobs
    ]


class _Run:
    """Calls a job's function with its context, importing it only when it is due."""

    def __init__(self, reference: str, context: PluginContext) -> None:
        self._reference = reference
        self._context = context

    async def __call__(self) -> None:
        await resolve(self._reference)(self._context)
