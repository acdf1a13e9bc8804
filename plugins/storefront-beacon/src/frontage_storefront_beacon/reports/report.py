"""A report as a list: which rows, in which order, a page at a time or as a file."""

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from msgspec import Struct

from frontage.plugin import Pagination, Rollup, Rollups, guarded
from frontage_storefront_beacon.reports.period import Period

FileFormat = Literal["csv", "ndjson"]
MEDIA_TYPES: dict[FileFormat, str] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_ROWS_AT_A_TIME = 1000
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


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

    async def file(self, rollups: Rollups, period: Period, format_: FileFormat) -> AsyncIterator[bytes]:
        """The whole list in pieces; the database is held for one piece at a time."""
        names = [one.name for one in msgspec.structs.fields(self.row)]
        if format_ == "csv":
            yield (_BYTE_ORDER_MARK + ",".join(names) + "\r\n").encode()
        offset = 0
        while rows := await self._rows(rollups, period, _ROWS_AT_A_TIME, offset):
            yield _csv(names, rows) if format_ == "csv" else b"".join(msgspec.json.encode(row) + b"\n" for row in rows)
            offset += len(rows)

    async def _rows(self, rollups: Rollups, period: Period, limit: int, offset: int) -> list[Any]:
        found = await rollups.grouped(
            self.kind, self.by, order=self.order, limit=limit, offset=offset, **self._which(period)
        )
        return [self.row.of(told) for told in found]  # type: ignore[attr-defined]

    def _which(self, period: Period) -> dict[str, Any]:
        return {"since": period.since, "until": period.until, "having": self.having, **self.facts}


def _csv(names: Sequence[str], rows: Sequence[Struct]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_cell(getattr(row, name)) for name in names] for row in rows)
    return buffer.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return guarded(value) if isinstance(value, str) else str(value)
