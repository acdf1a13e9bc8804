"""The plugin that is judged, before it serves: its package, its declaration, its routes and its tables."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from litestar.handlers import HTTPRouteHandler
from sqlalchemy import Table as CoreTable

from frontage.base.tables import Table
from frontage.edge.gate import Gate
from frontage.edge.hot import HotRoute
from frontage.edge.openapi import plain_path
from frontage.edge.ordinary import gate_of
from frontage.host.discovery import Candidate, find_candidates
from frontage.host.loading import load_parts, load_roster, package_folder, resolve
from frontage.host.mounting import prove
from frontage.host.roster import Entry, Roster
from frontage.plugin.declaration import Plugin
from frontage.testing.neighbour import neighbour_candidate
from frontage.testing.project import Project
from frontage.testing.rule import NotJudgedError


class Subject:
    """One installed plugin. Whatever of it cannot be read raises NotJudgedError where a rule asks for it."""

    def __init__(self, slug: str, project: Project | None = None) -> None:
        self.slug = slug
        self.project = project or Project(Path())

    @cached_property
    def installed(self) -> list[Candidate]:
        """Every installed plugin."""
        return find_candidates()

    @property
    def candidates(self) -> list[Candidate]:
        """The installed plugins of this slug; one, when all is well."""
        return [candidate for candidate in self.installed if candidate.slug == self.slug]

    @cached_property
    def others(self) -> list[Plugin]:
        """The declarations of the other plugins that are installed, as far as they can be read."""
        candidates = [one for one in self.installed if one.slug != self.slug]
        return list(load_roster([*candidates, neighbour_candidate()]).plugins.values())

    @property
    def candidate(self) -> Candidate:
        """The plugin as its package tells of it."""
        if not self.candidates:
            raise NotJudgedError("it is not installed, see loads")
        return self.candidates[0]

    @cached_property
    def loaded(self) -> Entry:
        """The plugin as far as the host takes it."""
        assert self.candidate
        roster = Roster(load_roster(self.candidates).entries)
        load_parts(roster)
        prove(roster)
        return roster.entries[0]

    @property
    def entry(self) -> Entry:
        """The plugin as the host serves it."""
        if not self.loaded.serves:
            raise NotJudgedError("it does not load, see loads")
        return self.loaded

    @property
    def plugin(self) -> Plugin:
        """Its declaration, also when the host refuses it."""
        try:
            declared = self.candidate.entry_point.load()
        except Exception as error:
            raise NotJudgedError("its declaration cannot be imported, see loads") from error
        if not isinstance(declared, Plugin):
            raise NotJudgedError("it declares no Plugin, see loads")
        return declared

    @property
    def routes(self) -> list[Any]:
        """Its routes as it lists them."""
        if self.plugin.routes is None:
            return []
        try:
            return list(resolve(self.plugin.routes))
        except Exception as error:
            raise NotJudgedError("its routes cannot be imported, see loads") from error

    @property
    def folder(self) -> Path:
        """The folder of its package."""
        try:
            return package_folder(self.candidate)
        except Exception as error:
            raise NotJudgedError("its package cannot be imported, see loads") from error

    @property
    def tables(self) -> list[CoreTable]:
        """Its mapped tables, referred ones first: those of its classes, and those that carry its prefix."""
        prefix, package = self.entry.declared.table_prefix, self.candidate.package
        classes = [mapper for mapper in Table.registry.mappers if mapper.class_.__module__.split(".")[0] == package]
        mapped = {mapper.local_table for mapper in classes}
        return [one for one in Table.metadata.sorted_tables if one in mapped or one.name.startswith(prefix)]


def named_gates(routes: list[Any]) -> Iterator[tuple[str, str, Gate | None]]:
    """Method, path template and gate of every route."""
    for route in routes:
        if isinstance(route, HotRoute):
            yield route.method, plain_path(route.path), route.gate
        elif isinstance(route, HTTPRouteHandler):
            for path in sorted(route.paths):
                for method in sorted(route.http_methods):
                    yield str(method), plain_path(path), gate_of(route)
