"""One running platform, from settings to the application that a server serves; reads like a table of contents."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from prometheus_client import PLATFORM_COLLECTOR, PROCESS_COLLECTOR

from frontage.app.account import ACCOUNT_ROUTES
from frontage.app.housekeeping import own_jobs
from frontage.app.operations import OPERATION_ROUTES
from frontage.app.reference import WHOLE, Reference, reference_routes
from frontage.app.services import Services
from frontage.base.database import Database
from frontage.base.ids import to_short
from frontage.base.logs import get_logger
from frontage.base.pepper import Pepper, load_pepper
from frontage.base.settings import Settings
from frontage.base.store_url import StoreUrl
from frontage.edge.address import TrustedProxies
from frontage.edge.front import Front
from frontage.edge.gate import Gatekeeper
from frontage.edge.limits import Ask, MemoryLimiter
from frontage.edge.meter import RequestMeter
from frontage.edge.openapi import Document, merge
from frontage.edge.ordinary import gate_of
from frontage.edge.public_paths import PublicPaths
from frontage.edge.shared_limits import SharedLimiter
from frontage.host.assets import AssetStore, asset_folders, asset_routes
from frontage.host.contexts import (
    Contexts,
    PluginCounts,
    bound_hot_routes,
    make_contexts,
    plugin_jobs,
    start_plugins,
    stop_plugins,
)
from frontage.host.discovery import Candidate, find_candidates
from frontage.host.jobs import JobRunner
from frontage.host.known_plugins import StoppedPaths, recall, remember
from frontage.host.loading import load_parts, load_roster
from frontage.host.migrating import stop_unmigrated
from frontage.host.mounting import build_router, document_of, prove
from frontage.host.plugin_settings import decode_settings
from frontage.host.roster import Roster
from frontage.intake.intake import Intake
from frontage.tenants.directory import Directory, SettingsDecoder
from frontage.tenants.policy import Window
from frontage.tenants.watch import DirectoryWatch

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Platform:
    """What runs."""

    services: Services
    front: Front
    router: Litestar
    document: Document
    """The OpenAPI document of everything that serves."""

    def drain(self) -> None:
        """Tell the balancer to send nothing more, and plugins to end what would go on for ever."""
        self.services.draining.set()


@asynccontextmanager
async def open_platform(
    settings: Settings,
    candidates: Sequence[Candidate] | None = None,
    *,
    worker: str = "0",
    more: Sequence[HTTPRouteHandler] = (),
    with_jobs: bool = True,
) -> AsyncIterator[Platform]:
    """Open everything in order, and close it in the opposite order when the block ends; `more` are routes beside it.

    Without jobs no row changes but by a request, so that who compares rows knows whose doing it was.
    """
    database = Database(settings.database_url)
    pepper = load_pepper(settings)
    roster, known = await load_plugins(database, candidates)
    directory = Directory(database, pepper, settings_decoder(roster))
    streams = [stream for entry in roster.serving for stream in entry.streams]
    intake = Intake(database, settings.data_dir, streams, worker=worker, zone_of=directory.zone_of)
    meter = RequestMeter()
    shared_limiter = _shared_limiter(settings, pepper, meter)
    services = Services(settings, database, pepper, directory, roster, intake, meter, shared_limiter)
    contexts = make_contexts(
        roster, database, directory, intake, settings.data_dir, settings.base_url, draining=services.draining
    )
    watch = DirectoryWatch(database, directory)
    try:
        await directory.refresh()
        await start_plugins(roster, contexts)
        await remember(database, roster)
        await watch.start()
        if shared_limiter is not None:
            await shared_limiter.start()
        await intake.start()
        jobs = JobRunner(database, [*own_jobs(services), *plugin_jobs(roster, contexts)] if with_jobs else [])
        await jobs.start()
        try:
            yield _assemble(services, contexts, known, more)
        finally:
            await jobs.stop()
            await stop_plugins(roster.serving, contexts)
            await intake.stop()
    finally:
        if shared_limiter is not None:
            await shared_limiter.stop()
        await watch.stop()
        await database.close()


async def load_plugins(
    database: Database, candidates: Sequence[Candidate] | None = None, *, migrated: bool = True
) -> tuple[Roster, dict[str, tuple[str, ...]]]:
    """Read, vet and prove every installed plugin, as far as it is `migrated`; also tells what was claimed before."""
    known = await recall(database)
    roster = load_roster(find_candidates() if candidates is None else candidates, seniority=list(known))
    load_parts(roster)
    prove(roster, own_document())
    asset_folders(roster)
    if migrated:
        await stop_unmigrated(database, roster)
    return roster, known


def _assemble(
    services: Services, contexts: Contexts, known: dict[str, tuple[str, ...]], more: Sequence[HTTPRouteHandler]
) -> Platform:
    settings, roster = services.settings, services.roster
    meter = services.meter
    limiter = services.shared_limiter or MemoryLimiter(processes=settings.processes or 1, on_nearing=_Nearing(meter))
    proxies = TrustedProxies(settings.trusted_proxies, settings.country_header)
    keeper = Gatekeeper(services.directory, limiter, proxies, f"{settings.base_url}/errors")
    base_path = urlsplit(settings.base_url).path
    assets = AssetStore(asset_folders(roster), base_path)
    document = document_of_all(roster)
    documents = {WHOLE: document, **{entry.slug: entry.document for entry in roster.serving}}
    placed = {slug: {**one, "servers": [{"url": settings.base_url}]} for slug, one in documents.items()}
    own = own_routes(assets, Reference(placed, base_path))
    hot = bound_hot_routes(roster, contexts)
    ordinary = [*own, *more, *(handler for entry in roster.serving for handler in entry.ordinary)]
    state: dict[str, Any] = {"services": services, "contexts": contexts}
    router = build_router(ordinary, hot, state=state)
    stopped = StoppedPaths(roster, known)
    front = Front(
        router,
        keeper,
        hot=hot,
        public=_public_paths(ordinary, [route.path for route in hot if route.gate.public]),
        meter=meter,
        stopped=stopped.owner if stopped else lambda _path: None,
        hosts=settings.allowed_hosts,
        secure=settings.base_url.startswith("https://"),
    )
    services.metrics.register(meter)
    if services.shared_limiter is not None:
        services.metrics.register(services.shared_limiter)
    services.metrics.register(services.intake)
    services.metrics.register(PluginCounts(contexts))
    services.metrics.register(PROCESS_COLLECTOR)
    services.metrics.register(PLATFORM_COLLECTOR)
    return Platform(services, front, router, document)


def _shared_limiter(settings: Settings, pepper: Pepper, meter: RequestMeter) -> SharedLimiter | None:
    if settings.redis_url is None:
        return None
    url, names = StoreUrl.parse(settings.redis_url), pepper.digest("frontage/limit-names")
    return SharedLimiter(url, names, processes=settings.processes or 1, on_nearing=_Nearing(meter))


def own_routes(assets: AssetStore, reference: Reference) -> list[HTTPRouteHandler]:
    """The routes of the platform itself."""
    return [*ACCOUNT_ROUTES, *OPERATION_ROUTES, *asset_routes(assets), *reference_routes(reference)]


def document_of_all(roster: Roster) -> Document:
    """One OpenAPI document of everything that serves."""
    parts = {entry.slug: (entry.document, entry.declared.schemas) for entry in roster.serving}
    return merge(own_document(), parts)


@cache
def own_document() -> Document:
    """The OpenAPI document of the platform's own routes."""
    return document_of("frontage", version("frontage"), "core", own_routes(AssetStore({}), Reference({})), [])


def settings_decoder(roster: Roster) -> SettingsDecoder:
    """Reads stored settings of the plugins that serve."""

    def decode(slug: str, settings: dict[str, Any], settings_version: int) -> Any:
        plugin = roster.plugins.get(slug)
        return None if plugin is None else decode_settings(plugin, settings, settings_version)

    return decode


def _public_paths(ordinary: Sequence[HTTPRouteHandler], hot: Sequence[str]) -> PublicPaths:
    gates = [(path, gate_of(handler)) for handler in ordinary for path in handler.paths]
    return PublicPaths([*hot, *(path for path, gate in gates if gate is not None and gate.public)])


class _Nearing:
    """Says once that somebody has used four fifths of a day's quota."""

    def __init__(self, meter: RequestMeter) -> None:
        self._meter = meter

    def __call__(self, ask: Ask, window: Window) -> None:
        self._meter.count_nearing(ask.policy)
        parts = ask.subject if isinstance(ask.subject, tuple) else (ask.subject,)
        # Ids alone: the other part of a subject may be an address.
        counted_for = [to_short(part) for part in parts if isinstance(part, UUID)]
        log.warning("limit.nearing", policy=ask.policy, window=str(window), counted_for=counted_for)
