"""A table as a file, in pieces: CSV that is safe to open in a spreadsheet, or lines of JSON."""

import csv
import io
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import Struct

from frontage.edge.safe_cells import guarded

FileFormat = Literal["csv", "ndjson"]
_MEDIA_TYPES: dict[FileFormat, str] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Without it a spreadsheet takes UTF-8 for something else."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """What rows of one kind become."""

    row: type[Struct]
    format: FileFormat

    @property
    def media_type(self) -> str:
        """What the answer says that it is."""
        return _MEDIA_TYPES[self.format]

    def headers(self, name: str) -> dict[str, str]:
        """The headers under which a browser saves it."""
        return {"Content-Disposition": f'attachment; filename="{name}.{self.format}"'}

    async def pieces(self, pages: AsyncIterable[Sequence[Struct]]) -> AsyncIterator[bytes]:
        """The file, with never more in memory than one page of rows."""
        names = [one.name for one in msgspec.structs.fields(self.row)]
        if self.format == "csv":
            yield (_BYTE_ORDER_MARK + ",".join(names) + "\r\n").encode()
        async for rows in pages:
            yield _csv(names, rows) if self.format == "csv" else _lines(rows)


def _lines(rows: Sequence[Struct]) -> bytes:
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _csv(names: Sequence[str], rows: Sequence[Struct]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows([_cell(getattr(row, name)) for name in names] for row in rows)
    return buffer.getvalue().encode()


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str():
            return guarded(value)
        case date():
            return value.isoformat()
        case dict() | list():
            return guarded(msgspec.json.encode(value).decode())
    return str(value)
