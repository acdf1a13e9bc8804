"""Rollups as a route reads them: one tenant's, without a line of SQL."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from frontage.base.database import Database
from frontage.intake.rows import rollup_columns
from frontage.intake.stream import BoundStream, Rollup
from frontage.intake.tables import rollup_table

R = TypeVar("R", bound=Rollup)


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
        query = sa.select(sa.func.sum(table.c[field.__name__])).where(*self._where(table, since, until, facts))
        async with self._database.reading() as session:
            return (await session.execute(query)).scalar() or 0

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

    def _where(
        self, table: sa.Table, since: date | None, until: date | None, facts: dict[str, Any]
    ) -> list[sa.ColumnElement[bool]]:
        conditions = [table.c.tenant_id == self._tenant, *(table.c[name] == value for name, value in facts.items())]
        conditions += [] if since is None else [table.c.day >= since]
        return conditions + ([] if until is None else [table.c.day <= until])
