"""What a shop has, by which a path may name it: itself, its rows, its keys, and what its file alone names."""

import random
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from tests.isolation.shops import ACTOR

from frontage.base.ids import new_id, to_short
from frontage.host.loading import package_folder
from frontage.host.migrating import tables_of
from frontage.host.roster import Entry
from frontage.host.tenant_tables import mapped_tables
from frontage.tenants.models import KeyRow
from frontage.testing.harness import Running
from frontage.testing.made_rows import MadeRow, make_rows, marks_of
from frontage.testing.project import find_project

Names = tuple[str, str]
"""A name of something that is there, and one of the same kind that names nothing."""


@dataclass(frozen=True)
class Things:
    """What a shop has for one plugin."""

    marks: frozenset[str]
    """Texts that only these can bring into an answer."""
    names: list[Names]


class Belongings:
    """Makes things of the shops, in every table of every plugin."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._made: dict[tuple[str, str], list[MadeRow]] = {}
        self._keys: dict[str, str] = {}
        self._tables: list[Table] = []

    async def of(self, slug: str, entry: Entry | None) -> Things:
        """A shop's things for a plugin, or for the platform's own routes."""
        tenant = self._running.tenant(slug)
        nobody = ("nowhere", to_short(new_id()), "999999")
        names = list(zip((tenant.slug, tenant.short_id, str(tenant.number)), nobody, strict=True))
        if entry is None:
            if slug not in self._keys:
                self._keys[slug] = await self._new_key(slug)
            return Things(frozenset(), [(self._keys[slug], to_short(new_id())), *names])
        rows = await self._rows(entry, slug)
        filed = list(_named_in_file(tenant.plugins.get(entry.slug)))
        names += [*filed, *(pair for row in rows for pair in _names_of(row))]
        return Things(frozenset(marks_of(rows) | {name for name, _ in filed}), names)

    def may_be_gone(self, entry: Entry | None) -> None:
        """Make the actor's things for a plugin anew before they are named again; the victim's stay, or that is a fault."""
        if entry is None:
            self._keys.pop(ACTOR, None)
        else:
            self._made.pop((entry.slug, ACTOR), None)

    async def tables(self) -> list[Table]:
        """Every table that holds something of a shop."""
        if not self._tables:
            present = set(await tables_of(self._running.database, ""))
            mapped = mapped_tables([entry.declared for entry in self._running.platform.services.roster.serving])
            self._tables = [one for one in mapped if one.name in present]
        return self._tables

    async def _rows(self, entry: Entry, slug: str) -> list[MadeRow]:
        if (entry.slug, slug) not in self._made:
            values = find_project(entry.slug, package_folder(entry.candidate)).values
            tables = [one for one in await self.tables() if one.name.startswith(entry.declared.table_prefix)]
            scene: Any = _Scene(self._running, values, tables)
            self._made[entry.slug, slug] = await make_rows(scene, self._running.tenant(slug))
        return self._made[entry.slug, slug]

    async def _new_key(self, slug: str) -> str:
        await self._running.key(slug)
        newest = select(KeyRow.id).where(KeyRow.tenant_id == self._running.tenant(slug).id).order_by(KeyRow.id.desc())
        async with self._running.database.reading() as session:
            return to_short((await session.scalars(newest.limit(1))).one())


@dataclass(frozen=True)
class _Scene:
    """What making rows needs of a scene."""

    platform: Running
    values: Mapping[str, Mapping[str, Any]]
    known: list[Table]

    async def running(self) -> Running:
        return self.platform

    async def tables(self) -> list[Table]:
        return self.known


def _names_of(row: MadeRow) -> Iterator[Names]:
    """By what a path may name a row: its numbers are counts and sums, but for those that are keys."""
    told = [one for one in row.table.columns if one.primary_key or one.unique or one.index or one.foreign_keys]
    keys = {str(row.values.get(one.name)) for one in told}
    return (pair for pair in row.names if not pair[0].isdigit() or pair[0] in keys)


def _named_in_file(settings: Any) -> Iterator[Names]:
    for name in getattr(settings, "__struct_fields__", ()):
        value = getattr(settings, name)
        for key in value if isinstance(value, Mapping) else ():
            yield key, "".join(random.choices(string.ascii_lowercase, k=len(key)))
