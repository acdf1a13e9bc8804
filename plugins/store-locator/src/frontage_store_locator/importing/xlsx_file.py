"""XLSX: the first sheet that has anything in it, read row by row."""

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from frontage_store_locator.importing.source import MOST_ROWS, Source, UnreadableFileError, table_source

_LARGEST_UNPACKED = 512 * 1024 * 1024


def read_xlsx(data: bytes) -> Source:
    """Read a workbook, or raise UnreadableFileError."""
    _refuse_bombs(data)
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it tells of styles and validations that it leaves out
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises whatever its parts raise
        raise UnreadableFileError("The workbook cannot be read; save it once more as .xlsx or CSV.") from error
    for sheet in book.worksheets:
        rows = _rows(sheet)
        headers = next((values for _, values in rows if any(value.strip() for value in values)), None)
        if headers is not None:
            return table_source("xlsx", _without_tail(headers), rows)
    raise UnreadableFileError("The workbook is empty.")


def _refuse_bombs(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        raise UnreadableFileError("The workbook is damaged; save it once more as .xlsx or CSV.") from None
    if unpacked > _LARGEST_UNPACKED:
        raise UnreadableFileError("The workbook is too large when unpacked; split it.")
    if "xl/workbook.xml" not in names:
        raise UnreadableFileError("This archive is no workbook; CSV, XLSX and GeoJSON can be read.")


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # what some programs write of the sheet's size is wrong
    try:
        for number, values in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_text(value) for value in values]
            if number > MOST_ROWS * 2:  # a sheet formatted down to its last row is nearly all empty
                return
    except UnreadableFileError:
        raise
    except Exception as error:  # its parser raises whatever its parts raise
        raise UnreadableFileError("The workbook is damaged; save it once more as .xlsx or CSV.") from error


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
    return str(value)


def _without_tail(headers: list[str]) -> list[str]:
    while headers and not headers[-1].strip():
        headers.pop()
    return headers
