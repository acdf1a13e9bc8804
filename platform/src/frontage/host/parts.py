"""The parts of a plugin, its tables and routes: imported once its declaration is found right, and held against it."""

import importlib
from dataclasses import replace

from litestar.handlers import HTTPRouteHandler

from frontage.edge.gate import Gate
from frontage.edge.hot import HotRoute
from frontage.edge.ordinary import gate_of, put_gate
from frontage.edge.reserved import KEY_POLICIES
from frontage.edge.sources import InBody
from frontage.host.claims import is_covered
from frontage.host.errors import PluginError, Stage
from frontage.host.loading import resolve
from frontage.host.roster import Entry
from frontage.intake.stream import bind
from frontage.plugin.declaration import Plugin


def import_parts(entry: Entry) -> None:
    """Import what a declaration names, and give each route the gate that its plugin makes of it."""
    plugin = entry.declared
    if plugin.models is not None:
        entry.models = importlib.import_module(plugin.models)
    if plugin.streams is not None:
        entry.streams = bind(plugin.slug, resolve(plugin.streams))
    if plugin.migrations is not None:
        importlib.import_module(plugin.migrations)
    routes = resolve(plugin.routes) if plugin.routes is not None else []
    wrong = [reason for route in routes for reason in _wrong_route(plugin, route)]
    if wrong:
        raise PluginError(Stage.REFUSED, "; ".join(wrong))
    entry.hot = [_bind_hot(plugin, route) for route in routes if isinstance(route, HotRoute)]
    entry.ordinary = [route for route in routes if isinstance(route, HTTPRouteHandler)]
    for handler in entry.ordinary:
        put_gate(handler, _bind_gate(plugin, _declared_gate(handler)))


def _declared_gate(handler: HTTPRouteHandler) -> Gate:
    gate = gate_of(handler)
    assert gate is not None, "vetted before"
    return gate


def _wrong_route(plugin: Plugin, route: object) -> list[str]:
    if isinstance(route, HotRoute):
        paths, gate, name = [route.path], route.gate, f"{route.method} {route.path}"
    elif isinstance(route, HTTPRouteHandler):
        found = gate_of(route)
        name = f"{'/'.join(sorted(route.http_methods))} {', '.join(sorted(route.paths))}"
        if found is None:
            return [f"{name} declares no tenant, limit and off-answer; use the decorators of frontage.plugin"]
        paths, gate = sorted(route.paths), found
    else:
        return [f"{route!r} is no route; use the decorators of frontage.plugin"]
    reasons = [f"{path} lies under none of its claimed paths" for path in paths if not _is_claimed(plugin, path)]
    if isinstance(route, HotRoute) and "{" in route.path:
        reasons.append(f"{name} is hot and found by its exact path; make it an ordinary route")
    known = {*KEY_POLICIES, *plugin.policies, *plugin.full_policies}
    reasons += [f"{name} names the unknown policy {limit!r}" for limit in _limits_of(gate) if limit not in known]
    reasons += [f"{name} asks for the scope {scope!r}; declare it" for scope in _scopes_of(gate) - set(plugin.scopes)]
    return reasons


def _limits_of(gate: Gate) -> list[str]:
    unknown = gate.source.unknown_limit if isinstance(gate.source, InBody) else None
    return [*gate.limits, unknown] if unknown else [*gate.limits]


def _scopes_of(gate: Gate) -> set[str]:
    return {scope for name in ("scope", "secret_scope") if (scope := getattr(gate.source, name, None))}


def _is_claimed(plugin: Plugin, path: str) -> bool:
    return is_covered(plugin.paths, path.replace(":str}", "}"))


def _bind_hot(plugin: Plugin, route: HotRoute) -> HotRoute:
    return replace(route, gate=_bind_gate(plugin, route.gate))


def _bind_gate(plugin: Plugin, gate: Gate) -> Gate:
    """The gate with the full names of its policies, for this plugin."""
    full = {name: plugin.policy_name(name) for name in plugin.policies}
    source = gate.source
    if isinstance(source, InBody) and source.unknown_limit is not None:
        source = replace(source, unknown_limit=full.get(source.unknown_limit, source.unknown_limit))
    limits = tuple(full.get(name, name) for name in gate.limits)
    return replace(gate, source=source, plugin=plugin.slug, limits=limits, policies=plugin.full_policies)
