"""A report as a list: which rows, in which order, a page at a time or as a file."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from frontage.plugin import FileFormat, Pagination, Period, Rollup, Rollups, TableFile

_ROWS_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """What is asked of a rollup."""

    kind: type[Rollup]
    row: type[Struct]
    by: Sequence[str]
    order: Callable[[Any], Any]
    having: Callable[[Any], Any] | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    async def page(self, rollups: Rollups, period: Period, page: int, page_size: int) -> tuple[list[Any], Pagination]:
        """One page of the list."""
        total = await rollups.count_groups(self.kind, self.by, **self._which(period))
        rows = await self._rows(rollups, period, page_size, (page - 1) * page_size)
        return rows, Pagination.of(page, page_size, total)

    def file(self, rollups: Rollups, period: Period, format_: FileFormat) -> tuple[TableFile, AsyncIterator[bytes]]:
        """The whole list in pieces; the database is held for one piece at a time."""
        file = TableFile(self.row, format_)
        return file, file.pieces(self._pages(rollups, period))

    async def _pages(self, rollups: Rollups, period: Period) -> AsyncIterator[list[Any]]:
        offset = 0
        while rows := await self._rows(rollups, period, _ROWS_AT_A_TIME, offset):
            yield rows
            offset += len(rows)

    async def _rows(self, rollups: Rollups, period: Period, limit: int, offset: int) -> list[Any]:
        found = await rollups.grouped(
            self.kind, self.by, order=self.order, limit=limit, offset=offset, **self._which(period)
        )
        return [self.row.of(told) for told in found]  # type: ignore[attr-defined]

    def _which(self, period: Period) -> dict[str, Any]:
        return {"since": period.since, "until": period.until, "having": self.having, **self.facts}
