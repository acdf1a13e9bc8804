"""What both databases' rollup tables share: the tenant's day, adding up by key, one order, and visitors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from operator import attrgetter
from typing import Any, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from frontage.intake import queries
from frontage.intake.rows import Column, rollup_columns, row_reader, struct_maker
from frontage.intake.stream import BoundStream, Rollup, key_fields, value_fields
from frontage.intake.visitors import Visitor, see

ZoneOf = Callable[[UUID], ZoneInfo]
_QUARTER = timedelta(minutes=15)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Quarter(NamedTuple):
    """A quarter of an hour, by its first and last moment, and where it lies in a tenant's calendar."""

    first: datetime
    last: datetime
    hour: tuple[date, int]


class Days:
    """The local day and hour of a moment; remembered by quarter of an hour, at whose edges alone they change."""

    def __init__(self, zone_of: ZoneOf) -> None:
        self._zone_of = zone_of
        # By ints, because a UUID hashes and compares in Python.
        self._known: dict[tuple[int, int], _Quarter] = {}
        self._latest: dict[int, _Quarter] = {}
        """The last one of each tenant: its next event is mostly of the same."""

    def day(self, tenant: UUID, moment: datetime) -> date:
        """The tenant's own calendar day at this moment."""
        return self.hour(tenant, moment)[0]

    def hour(self, tenant: UUID, moment: datetime) -> tuple[date, int]:
        """The tenant's own calendar day and hour at this moment."""
        quarter = self._latest.get(tenant.int)
        if quarter is None or not quarter[0] <= moment <= quarter[1]:
            quarter = self._latest[tenant.int] = self._find(tenant, moment)
        return quarter[2]

    def _find(self, tenant: UUID, moment: datetime) -> _Quarter:
        number = (moment - _EPOCH) // _QUARTER
        quarter = self._known.get((tenant.int, number))
        if quarter is None:
            first = _EPOCH + number * _QUARTER
            local = _local(moment, self._zone_of(tenant))
            quarter = _Quarter(first, first + (_QUARTER - datetime.resolution), (local.date(), local.hour))
            self._known[tenant.int, number] = quarter
        return quarter


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:
        # The calendar's first and last day are the same everywhere: the rows beside this one must still be counted.
        return moment


@dataclass(frozen=True)
class RollupTable:
    """A rollup's table: its columns, its statements, and the way of a Struct into it and out of it."""

    kind: type[Rollup]
    name: str
    dialect: Literal["postgresql", "sqlite"]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Its columns."""
        return rollup_columns(self.kind)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The columns of its key."""
        return ("tenant_id", *key_fields(self.kind))

    @cached_property
    def key_columns(self) -> tuple[Column, ...]:
        """The columns of its key, as columns."""
        by_name = {column.name: column for column in self.columns}
        return tuple(by_name[key] for key in self.keys)

    @cached_property
    def read(self) -> Callable[[Any], tuple[Any, ...]]:
        """Reads a Struct as a row."""
        return row_reader(self.columns, self.dialect)

    @cached_property
    def make(self) -> Callable[[Any], Any]:
        """Makes a Struct of a row."""
        return struct_maker(self.kind, self.columns, self.dialect)

    @cached_property
    def key_of(self) -> Callable[[Any], tuple[Any, ...]]:
        """The key of a Struct."""
        return attrgetter("tenant", *key_fields(self.kind))

    @cached_property
    def add(self) -> str:
        """The statement that adds."""
        return queries.add(self.name, self.columns, self.keys, self.dialect)

    @cached_property
    def put(self) -> str:
        """The statement that replaces."""
        return queries.put(self.name, self.columns, self.keys, self.dialect)

    @cached_property
    def claim(self) -> str:
        """The statement that makes what is free."""
        return queries.claim(self.name, self.columns, self.keys, self.dialect)

    @cached_property
    def remove(self) -> str:
        """The statement that deletes by key."""
        return queries.remove(self.name, self.key_columns, self.dialect)

    @cached_property
    def fetch(self) -> str:
        """The statement that reads by key."""
        return queries.fetch(self.name, self.columns, self.key_columns, self.dialect)

    def sizes(self, field: str) -> str:
        """The statement that counts the rows of keys without one field."""
        rest = [column for column in self.key_columns if column.name != field]
        return queries.sizes(self.name, rest, self.dialect)

    def added_up(self, rows: Sequence[Any]) -> list[Any]:
        """These rows with those of one key added up, in the order in which every worker touches them."""
        names = value_fields(self.kind)
        sums: dict[tuple[Any, ...], Any] = {}
        for row in rows:
            key = self.key_of(row)
            total = sums.get(key)
            added = {} if total is None else {name: getattr(total, name) + getattr(row, name) for name in names}
            sums[key] = msgspec.structs.replace(row, **added) if added else row
        return [sums[key] for key in sorted(sums, key=_order)]

    def in_order(self, rows: Sequence[Any]) -> list[Any]:
        """The last row of each key, in order."""
        last = {self.key_of(row): row for row in rows}
        return [last[key] for key in sorted(last, key=_order)]

    def first_of_each(self, rows: Sequence[Any]) -> dict[tuple[Any, ...], Any]:
        """The first row of each key, in order."""
        first = {self.key_of(row): row for row in reversed(rows)}
        return {key: first[key] for key in sorted(first, key=_order)}


def _order(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (key[0].int, *key[1:])


def tables_of(stream: BoundStream, dialect: Literal["postgresql", "sqlite"]) -> dict[type[Rollup], RollupTable]:
    """The tables that a stream's rollup counts into."""
    return {kind: RollupTable(kind, stream.rollup_table(kind), dialect) for kind in stream.rollups}


class CommonTables:
    """The part of RollupTables that needs no statement of its own."""

    def __init__(self, tables: dict[type[Rollup], RollupTable], zone_of: ZoneOf) -> None:
        self._tables = tables
        self._days = Days(zone_of)
        self.day = self._days.day
        self.hour = self._days.hour

    def table(self, kind: type[Any]) -> RollupTable:
        """The table of a kind of rows, which the stream has declared."""
        table = self._tables.get(kind)
        if table is None:
            known = ", ".join(known.__name__ for known in self._tables)
            raise TypeError(f"{kind.__name__} is not among the tables of this rollup: {known}")
        return table

    async def add(self, rows: Sequence[Rollup]) -> None:
        """See RollupTables."""
        raise NotImplementedError

    async def put(self, rows: Sequence[Rollup]) -> None:
        """See RollupTables."""
        raise NotImplementedError

    async def fetch(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> list[Any]:
        """See RollupTables."""
        raise NotImplementedError

    async def remove(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> None:
        """See RollupTables."""
        raise NotImplementedError

    async def size(self, kind: type[Rollup], groups: Sequence[tuple[Any, ...]], field: str) -> dict[Any, int]:
        """How many rows there are for each of these keys without the one field."""
        raise NotImplementedError

    async def held(self, kind: type[Rollup], keys: Sequence[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        """Those of these keys that have a row."""
        return {self.table(kind).key_of(row) for row in await self.fetch(kind, keys)}

    async def add_bounded(self, rows: Sequence[Rollup], field: str, *, most: int, other: str) -> None:
        """See RollupTables."""
        for kind in {type(row): None for row in rows}:
            part = [row for row in rows if type(row) is kind]
            taken = await self._admitted(kind, part, field, most, other)
            key_of = self.table(kind).key_of
            moved = [row if key_of(row) in taken else msgspec.structs.replace(row, **{field: other}) for row in part]
            await self.add(moved)

    async def _admitted(
        self, kind: type[Rollup], rows: Sequence[Rollup], field: str, most: int, other: str
    ) -> set[tuple[Any, ...]]:
        """The keys that have or get rows of their own, the first ones first."""
        table = self.table(kind)
        at = table.keys.index(field)
        keys = [key for key in {table.key_of(row): None for row in rows} if key[at] != other]
        taken = await self.held(kind, sorted(keys, key=_order))
        new = [key for key in keys if key not in taken]
        groups = {key[:at] + key[at + 1 :] for key in new}
        sizes = await self.size(kind, sorted(groups, key=_order), field) if groups else {}
        for key in new:
            group = key[:at] + key[at + 1 :]
            if sizes.get(group, 0) < most:
                sizes[group] = sizes.get(group, 0) + 1
                taken.add(key)
        return taken

    async def see(
        self, visits: Sequence[tuple[UUID, str, date]], visitor: type[Visitor], by_day: Callable[..., Rollup]
    ) -> None:
        """Count visits exactly."""
        keys = sorted({visit[:2] for visit in visits}, key=_order)
        known = {(row.tenant, row.visitor): row for row in await self.fetch(visitor, keys)}
        changed, days = see(visits, known, visitor, by_day)
        await self.put(changed)
        await self.add(days)
