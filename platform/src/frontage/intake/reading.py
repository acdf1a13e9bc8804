"""Rollups as a route reads them: one tenant's, without a line of SQL."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from frontage.base.database import Database
from frontage.intake.rows import ExactDecimal, rollup_columns
from frontage.intake.stream import BoundStream, Rollup, value_fields
from frontage.intake.tables import rollup_table

R = TypeVar("R", bound=Rollup)
Condition = Callable[[Any], Any]
"""Makes an SQL expression of columns."""


class RollupTablesByKind:
    """Which table a kind of rollup rows is kept in; made once for all streams."""

    def __init__(self, streams: Sequence[BoundStream]) -> None:
        self._tables = {kind: rollup_table(stream, kind) for stream in streams for kind in stream.rollups}

    def __getitem__(self, kind: type[Any]) -> sa.Table:
        """The table of a kind."""
        if kind not in self._tables:
            raise TypeError(f"{kind.__name__} is not a rollup of any stream")
        return self._tables[kind]


class Rollups:
    """What has been counted for one tenant."""

    def __init__(self, database: Database, tables: RollupTablesByKind, tenant: UUID) -> None:
        self._database = database
        self._tables = tables
        self._tenant = tenant

    async def total(self, field: Any, *, since: date | None = None, until: date | None = None, **facts: Any) -> Any:
        """The sum of a field, such as `StampCount.stamps`, over the rows with these facts; 0 when there are none."""
        table = self._tables[field.__objclass__]
        column, where = table.c[field.__name__], self._where(table, since, until, facts)
        exact = isinstance(column.type, ExactDecimal)
        async with self._database.reading() as session:
            if exact and self._database.dialect == "sqlite":
                # SQLite would add its texts up as binary numbers.
                return sum(await session.scalars(sa.select(column).where(*where)), Decimal())
            found = (await session.execute(sa.select(sa.func.sum(column)).where(*where))).scalar() or 0
        # PostgreSQL's sum of integers is a numeric.
        return Decimal(found) if exact else column.type.python_type(found)

    async def rows(
        self, kind: type[R], *, since: date | None = None, until: date | None = None, **facts: Any
    ) -> list[R]:
        """The rows with these facts, in the order of their keys."""
        table = self._tables[kind]
        query = sa.select(table).where(*self._where(table, since, until, facts)).order_by(*table.primary_key)
        columns = rollup_columns(kind)
        async with self._database.reading() as session:
            found = (await session.execute(query)).all()
        return [
            kind(**dict(zip(["tenant", *[column.name for column in columns[1:]]], row, strict=True))) for row in found
        ]

    async def grouped(
        self,
        kind: type[Rollup],
        by: Sequence[str],
        *,
        since: date | None = None,
        until: date | None = None,
        where: Condition | None = None,
        having: Condition | None = None,
        order: Condition | None = None,
        limit: int | None = None,
        offset: int = 0,
        **facts: Any,
    ) -> list[dict[str, Any]]:
        """Whole numbers added up for each combination of the key fields `by`; of no fields there is one row of all.

        `where` takes the columns of the table; `having` and `order` (the greatest first) take the row's, keys and sums
        alike.
        """
        groups = self._groups(kind, by, since, until, having, facts, where)
        query = sa.select(groups)
        if order is not None:
            query = query.order_by(order(groups.c).desc())
        query = query.order_by(*(groups.c[name] for name in by)).limit(limit).offset(offset or None)
        async with self._database.reading() as session:
            found = (await session.execute(query)).all()
        names = (*by, *_whole_numbers(kind))
        return [dict(zip(names, row, strict=True)) for row in found]

    async def count_groups(
        self,
        kind: type[Rollup],
        by: Sequence[str],
        *,
        since: date | None = None,
        until: date | None = None,
        having: Condition | None = None,
        **facts: Any,
    ) -> int:
        """How many rows `grouped` has without a limit."""
        groups = self._groups(kind, by, since, until, having, facts)
        async with self._database.reading() as session:
            return (await session.execute(sa.select(sa.func.count()).select_from(groups))).scalar_one()

    def _groups(
        self,
        kind: type[Rollup],
        by: Sequence[str],
        since: date | None,
        until: date | None,
        having: Condition | None,
        facts: dict[str, Any],
        where: Condition | None = None,
    ) -> sa.Subquery:
        table = self._tables[kind]
        keys = [table.c[name] for name in by]
        sums = [
            sa.cast(sa.func.coalesce(sa.func.sum(table.c[name]), 0), sa.BigInteger).label(name)
            for name in _whole_numbers(kind)
        ]
        conditions = self._where(table, since, until, facts) + ([] if where is None else [where(table.c)])
        inner = sa.select(*keys, *sums).where(*conditions).group_by(*keys).subquery()
        return inner if having is None else sa.select(inner).where(having(inner.c)).subquery()

    def _where(
        self, table: sa.Table, since: date | None, until: date | None, facts: dict[str, Any]
    ) -> list[sa.ColumnElement[bool]]:
        conditions = [table.c.tenant_id == self._tenant, *(table.c[name] == value for name, value in facts.items())]
        conditions += [] if since is None else [table.c.day >= since]
        return conditions + ([] if until is None else [table.c.day <= until])


def _whole_numbers(kind: type[Rollup]) -> list[str]:
    counted = value_fields(kind)
    return [column.name for column in rollup_columns(kind) if column.kind == "integer" and column.name in counted]
