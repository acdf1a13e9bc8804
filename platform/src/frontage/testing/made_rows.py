"""Rows of a tenant in every table of a plugin, made up from the tables alone, and recognised wherever they appear."""

import random
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Column, DateTime, Enum, SmallInteger, Table, insert, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator, TypeEngine

from frontage.base.clock import utc_now
from frontage.base.ids import new_id, to_short
from frontage.plugin.models import is_reference
from frontage.tenants.tenant import Tenant
from frontage.testing.bench import Scene
from frontage.testing.harness import Running
from frontage.testing.rule import UnmakeableRowError

_SHORTEST_MARK = 8
"""A shorter text may appear anywhere by chance."""


@dataclass(frozen=True, slots=True)
class MadeRow:
    """A row that is stored."""

    table: Table
    values: Mapping[str, Any]

    @property
    def marks(self) -> set[str]:
        """Texts that can only come from this row."""
        return {text for name, value in self.values.items() if name != "tenant_id" for text in _marks(value)}

    @property
    def names(self) -> Iterator[tuple[str, str]]:
        """Every text by which a path may name the row, each with one of the same kind that names nothing."""
        for name, value in self.values.items():
            if name == "tenant_id":
                continue
            match value:
                case UUID():
                    unknown = new_id()
                    yield to_short(value), to_short(unknown)
                    yield str(value), str(unknown)
                case str() if len(value) >= _SHORTEST_MARK:
                    yield value, _text(len(value))
                case int() if not isinstance(value, bool):
                    yield str(value), str(value + 1)


async def make_rows(scene: Scene, tenant: Tenant) -> list[MadeRow]:
    """Store a row of a tenant in every table that holds such rows."""
    rows: dict[Table, MadeRow] = {}
    running = await scene.running()
    for table in await scene.tables():
        if is_reference(table):
            continue
        values = {**_values(table, tenant, rows), **scene.values.get(table.name, {})}
        try:
            async with running.database.writing() as session:
                await session.execute(insert(table).values(values))
        except SQLAlchemyError as error:
            raise UnmakeableRowError(table.name, str(error).splitlines()[0]) from error
        rows[table] = MadeRow(table, values)
    return list(rows.values())


async def stored_rows(running: Running, tables: Iterable[Table], tenant: Tenant) -> dict[str, list[str]]:
    """What the tables hold of a tenant; of a table without tenants, everything."""
    stored = {}
    async with running.database.reading() as session:
        for table in tables:
            wanted = select(table)
            if "tenant_id" in table.c:
                wanted = wanted.where(table.c.tenant_id == tenant.id)
            stored[table.name] = sorted(repr(tuple(row)) for row in await session.execute(wanted))
    return stored


async def remains(running: Running, row: MadeRow) -> bool:
    """Whether a row is still stored."""
    keys = [column == row.values[column.name] for column in row.table.primary_key]
    async with running.database.reading() as session:
        return (await session.execute(select(row.table).where(*keys))).first() is not None


def _values(table: Table, tenant: Tenant, rows: Mapping[Table, MadeRow]) -> dict[str, Any]:
    values = {column.name: _value(column) for column in table.columns if not _fills_itself(column)}
    if "tenant_id" in values:
        values["tenant_id"] = tenant.id
    for column in table.columns:
        for key in column.foreign_keys:
            if parent := rows.get(key.column.table):
                values[column.name] = parent.values[key.column.name]
            elif key.target_fullname == "core_tenant.id":
                values[column.name] = tenant.id
    return values


def _fills_itself(column: Column[Any]) -> bool:
    return column.computed is not None or column.identity is not None or column.autoincrement is True


def _value(column: Column[Any]) -> Any:
    kind = _plain(column.type)
    if isinstance(kind, Enum):
        return next(iter(kind.enum_class)) if kind.enum_class else kind.enums[0]
    if isinstance(kind, DateTime):
        return utc_now() if kind.timezone else utc_now().replace(tzinfo=None)
    try:
        python = kind.python_type
    except NotImplementedError:
        return None
    if python is str:
        return _text(min(getattr(kind, "length", None) or 24, 24))
    if python is int and not isinstance(kind, Boolean):
        return random.randrange(1, 30_000 if isinstance(kind, SmallInteger) else 2_000_000_000)  # noqa: S311
    return _made(python, column)


def _made(python: type, column: Column[Any]) -> Any:
    if python is dict and isinstance(default := _default(column), list):
        # The type says JSON and no more; the default says which.
        return default
    return _MADE[python]() if python in _MADE else None


_DAYS_AGO = count()
"""Another day each time: a tenant's day may be all that a table of counts has for a key."""


def _default(column: Column[Any]) -> Any:
    default: Any = column.default
    return default.arg(None) if default is not None and default.is_callable else None


_MADE: dict[type, Any] = {
    UUID: new_id,
    bool: lambda: False,
    float: lambda: 1.5,
    Decimal: lambda: Decimal(1),
    date: lambda: utc_now().date() - timedelta(days=next(_DAYS_AGO)),
    datetime: utc_now,
    time: lambda: time(12),
    timedelta: lambda: timedelta(hours=1),
    bytes: lambda: _text(24).encode(),
    dict: lambda: {"mark": _text(24)},
    list: list,
}


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return _plain(kind.impl_instance) if isinstance(kind, TypeDecorator) else kind


def _text(length: int) -> str:
    return "".join(random.choices(string.ascii_lowercase, k=length))  # noqa: S311  # it protects nothing


def _marks(value: Any) -> Iterator[str]:
    match value:
        case UUID():
            yield from (to_short(value), str(value))
        case str() if len(value) >= _SHORTEST_MARK:
            yield value
        case dict():
            yield from (text for member in value.values() for text in _marks(member))


def marks_of(rows: Sequence[MadeRow]) -> set[str]:
    """Texts that can only come from these rows."""
    return {mark for row in rows for mark in row.marks}
