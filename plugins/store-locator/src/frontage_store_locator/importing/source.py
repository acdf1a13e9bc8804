"""A file of places as rows of cells, whatever its format: CSV, XLSX, GeoJSON, and what AllThePlaces makes.

The format is told by the content, never by the name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from frontage.plugin import unguarded
from frontage_store_locator.importing.columns import columns_of

LARGEST_FILE = 64 * 1024 * 1024
MOST_ROWS = 250_000
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_NO_TEXT = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"SQLite format")


class UnreadableFileError(ValueError):
    """A file of which no row can be read; the message says what is wrong with it and what would do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in its file."""

    number: int
    """As a spreadsheet counts, with the header as 1; in GeoJSON the number of the feature."""
    cells: dict[str, Any]
    """By column; a column that the file lacks is absent, an empty cell is an empty text."""
    problem: str | None = None
    """Why the row as a whole cannot be read."""


@dataclass(slots=True)
class Source:
    """A file that can be read."""

    format: str
    columns: tuple[str, ...]
    """Those that it has, in its order."""
    rows: Iterator[Row]
    ignored: tuple[str, ...] = ()
    """Headers that mean nothing here."""
    notes: list[str] = field(default_factory=list)
    """What the reader had to assume."""


def read_source(data: bytes) -> Source:
    """Read a file, or raise UnreadableFileError."""
    if len(data) > LARGEST_FILE:
        raise UnreadableFileError(f"The file is larger than {LARGEST_FILE // 1024**2} MiB; split it.")
    if not data.strip():
        raise UnreadableFileError("The file is empty.")
    if data.startswith(_OLD_EXCEL):
        raise UnreadableFileError("This is an old Excel file (.xls); save it as .xlsx or CSV.")
    if data.startswith(_NO_TEXT):
        raise UnreadableFileError("This is neither CSV, XLSX nor GeoJSON.")
    if data.startswith(_ZIP):
        from frontage_store_locator.importing.xlsx_file import read_xlsx

        return read_xlsx(data)
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"["}:
        from frontage_store_locator.importing.geojson_file import read_geojson

        return read_geojson(data)
    from frontage_store_locator.importing.csv_file import read_csv

    return read_csv(data)


def table_source(
    format_: str, headers: Sequence[str], rows: Iterator[tuple[int, list[str]]], notes: list[str] | None = None
) -> Source:
    """The source of a table whose first row names its columns."""
    columns = columns_of(headers)
    known = tuple(column for column in columns if column)
    if not {"name", "address", "external_id"} & set(known):
        raise UnreadableFileError(
            "The first row names no column that is known here; it should name some of external_id, name, address, "
            "address2, city, region, postal_code, country, lat, lon, phone, email, website, hours, tags, status."
        )
    ignored = tuple(header for header, column in zip(headers, columns, strict=True) if not column and header.strip())
    return Source(format_, known, _table_rows(columns, rows), ignored, notes or [])


def _table_rows(columns: Sequence[str | None], rows: Iterator[tuple[int, list[str]]]) -> Iterator[Row]:
    for number, values in rows:
        if not any(value.strip() for value in values):
            continue
        _refuse_too_many(number)
        if any(value.strip() for value in values[len(columns) :]):
            yield Row(number, {}, f"The row has {len(values)} cells, the header {len(columns)}.")
            continue
        cells = zip_longest(columns, values[: len(columns)], fillvalue="")
        yield Row(number, {column: unguarded(value) for column, value in cells if column})


def _refuse_too_many(number: int) -> None:
    if number > MOST_ROWS + 1:
        raise UnreadableFileError(f"The file has more than {MOST_ROWS} rows; split it.")
