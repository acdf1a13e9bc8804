"""Mounting: one Litestar application for all ordinary routes, and a specimen per plugin that proves it first.

The specimen catches what only shows when an application is built, and it is where the plugin's document comes from.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from litestar import Litestar, Request
from litestar.datastructures import State
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler, route
from litestar.openapi import OpenAPIConfig
from sqlalchemy.ext.asyncio import AsyncSession

from frontage.edge.call import Call
from frontage.edge.gate import Gate
from frontage.edge.hot import HotRoute
from frontage.edge.openapi import Document, DocumentParts, Operation, complete, operation_ids
from frontage.edge.ordinary import answer_error, call_of, gate_of, gated
from frontage.edge.path_gates import PathGates
from frontage.host.errors import CONTAINED, PluginError, Stage, told
from frontage.host.roster import Entry, Roster
from frontage.intake.reading import Rollups
from frontage.plugin.context import PluginContext
from frontage.tenants.key import Key
from frontage.tenants.tenant import Tenant

_READS = frozenset({"GET", "HEAD"})


async def provide_call(request: Request[Any, Any, Any]) -> Call:
    """The request as the gate knows it."""
    return call_of(request)


async def provide_tenant(request: Request[Any, Any, Any]) -> Tenant:
    """The tenant that the gate found."""
    tenant = call_of(request).tenant
    assert tenant is not None, "a route that asks for the tenant has a source for it"
    return tenant


async def provide_key(request: Request[Any, Any, Any]) -> Key:
    """The key that the gate found."""
    key = call_of(request).key
    assert key is not None, "a route that asks for the key has a source for it"
    return key


async def provide_settings(request: Request[Any, Any, Any]) -> Any:
    """The tenant's settings of the route's plugin."""
    call = call_of(request)
    assert call.tenant is not None
    assert call.gate is not None
    return call.tenant.plugins[call.gate.plugin or ""]


async def provide_context(request: Request[Any, Any, Any]) -> PluginContext:
    """The context of the route's plugin."""
    gate = call_of(request).gate
    assert gate is not None
    context: PluginContext = request.app.state.contexts[gate.plugin]
    return context


async def provide_rollups(request: Request[Any, Any, Any]) -> Rollups:
    """What has been counted for the tenant."""
    context = await provide_context(request)
    return context.rollups(await provide_tenant(request))


async def provide_session(request: Request[Any, Any, Any]) -> AsyncIterator[AsyncSession]:
    """A session of the tenant: for reading on GET, else one that is committed before the answer is sent."""
    tenant, context = await provide_tenant(request), await provide_context(request)
    opened = context.reading(tenant) if request.method in _READS else context.writing(tenant)
    async with opened as session:
        yield session


async def provide_services(request: Request[Any, Any, Any]) -> Any:
    """What the platform's own routes work with; plugins have their context."""
    return request.app.state.services


PROVIDED = {
    "call": Provide(provide_call),
    "tenant": Provide(provide_tenant),
    "key": Provide(provide_key),
    "settings": Provide(provide_settings),
    "context": Provide(provide_context),
    "session": Provide(provide_session),
    "rollups": Provide(provide_rollups),
    "services": Provide(provide_services),
}
"""What any ordinary route may have injected, by parameter name."""


def build_router(
    handlers: Sequence[HTTPRouteHandler],
    hot: Iterable[HotRoute],
    *,
    document: OpenAPIConfig | None = None,
    state: dict[str, Any] | None = None,
) -> Litestar:
    """The application that routes whatever is not hot; hot routes stand in it for their 405s and clashes alone."""
    gates = PathGates((path, gate_of(handler)) for handler in handlers for path in handler.paths)
    return Litestar(
        route_handlers=[*handlers, *map(_placeholder, hot)],
        dependencies=PROVIDED,
        exception_handlers={Exception: answer_error},
        openapi_config=document,
        state=State({**(state or {}), "gates": gates}),
        logging_config=None,
    )


def _placeholder(hot: HotRoute) -> HTTPRouteHandler:
    async def answered_in_front() -> None:
        raise AssertionError("hot routes are answered in front of the router")

    status = {"status_code": 204} if hot.method == "POST" else {}
    words = {"http_method": [hot.method], "include_in_schema": False, **status}
    return gated(route, hot.gate, hot.path, words)(answered_in_front)


def document_of(
    title: str, version: str, prefix: str, handlers: Sequence[HTTPRouteHandler], hot: Sequence[HotRoute]
) -> Document:
    """The complete OpenAPI document of some routes, from an application that holds nothing else."""
    # Litestar serves the document itself under this path, where it is in nobody's way; the specimen is never served.
    config = OpenAPIConfig(title=title, version=version, use_handler_docstrings=True, path="/-/specimen")
    specimen = build_router(handlers, hot, document=config)
    document = specimen.openapi_schema.to_schema()
    operations = [one for handler in handlers for one in _operations(handler)]
    return complete(DocumentParts(document, prefix, operations, list(hot)))


def _operations(handler: HTTPRouteHandler) -> Iterable[Operation]:
    gate = gate_of(handler)
    assert isinstance(gate, Gate), "vetted before"
    named = handler.operation_id is not None
    for path in handler.paths:
        for method in handler.http_methods:
            yield Operation(path, str(method), gate, handler.handler_name.rpartition(".")[2], named=named)


def prove(roster: Roster, own: Document | None = None) -> None:
    """Build every plugin's specimen; one that cannot be built, or takes a name that has an owner, is taken out.

    `own` is the document of the platform's own routes, whose names are taken before any plugin's.
    """
    owners = dict.fromkeys(operation_ids(own), "the platform") if own else {}
    schemas = set(own["components"]["schemas"]) if own else set()
    for entry in roster.serving:
        try:
            _refuse_known_schemas(entry, schemas)
            entry.document = _specimen_document(entry)
            _refuse_known_ids(entry, owners)
        except PluginError as error:
            entry.stop(error)
        except CONTAINED as error:  # Litestar raises whatever it finds at construction
            entry.stop(PluginError(Stage.REFUSED, f"its routes cannot be mounted: {told(error)}"))


def _specimen_document(entry: Entry) -> Document:
    plugin = entry.declared
    document = document_of(plugin.title, entry.candidate.version, plugin.slug, entry.ordinary, entry.hot)
    unpublic = _mixed_paths(entry)
    if unpublic:
        raise PluginError(Stage.REFUSED, f"{', '.join(unpublic)}: all methods of a path are public or none is")
    return document


def _refuse_known_schemas(entry: Entry, known: set[str]) -> None:
    if taken := sorted(known.intersection(entry.declared.schemas)):
        raise PluginError(Stage.REFUSED, f"it claims the schema name {taken[0]}, which is the platform's own")


def _refuse_known_ids(entry: Entry, owners: dict[str, str]) -> None:
    ids = operation_ids(entry.document)
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        raise PluginError(Stage.REFUSED, f"two of its operations are named {twice[0]}; give one an operation_id")
    if known := sorted(owners.keys() & ids):
        raise PluginError(Stage.REFUSED, f"{entry.slug} and {owners[known[0]]} both name an operation {known[0]}")
    owners.update(dict.fromkeys(ids, entry.slug))


def _mixed_paths(entry: Entry) -> list[str]:
    kinds: dict[str, set[bool]] = {}
    for hot in entry.hot:
        kinds.setdefault(hot.path, set()).add(hot.gate.public)
    for handler in entry.ordinary:
        for path in handler.paths:
            gate = gate_of(handler)
            kinds.setdefault(path, set()).add(gate is not None and gate.public)
    return sorted(path for path, found in kinds.items() if len(found) > 1)
