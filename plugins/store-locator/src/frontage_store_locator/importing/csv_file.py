"""CSV as the world writes it: any usual delimiter and encoding, with or without byte order mark."""

import csv
import io
from collections.abc import Iterator

from frontage_store_locator.importing.columns import count_known
from frontage_store_locator.importing.source import Source, UnreadableFileError, table_source

_DELIMITERS = ",;\t|"
_WIDE_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_LARGEST_CELL = 128 * 1024


def read_csv(data: bytes) -> Source:
    """Read CSV, or raise UnreadableFileError."""
    text, notes = _decode(data)
    if text.startswith("sep=") and (line := text.split("\n", 1))[1:]:  # Excel's own way to name the delimiter
        text = line[1]
    delimiter = _delimiter(text)
    rows = _rows(text, delimiter)
    headers = next((values for _, values in rows if any(value.strip() for value in values)), [])
    return table_source("csv", headers, rows, notes)


def _decode(data: bytes) -> tuple[str, list[str]]:
    if encoding := _WIDE_MARKS.get(data[:2]):
        try:
            return data.decode(encoding).replace("\0", ""), []
        except UnicodeDecodeError as error:
            raise UnreadableFileError("The file begins like UTF-16 but is none; save it as UTF-8.") from error
    if b"\0" in data[:4096]:
        raise UnreadableFileError("This is no text file; CSV, XLSX and GeoJSON can be read.")
    try:
        return data.decode("utf-8-sig").replace("\0", ""), []
    except UnicodeDecodeError:
        note = "The file is not UTF-8 and was read as Windows-1252; look whether accents are right."
        return data.decode("cp1252", errors="replace").replace("\0", ""), [note]


def _delimiter(text: str) -> str:
    """The one with which the first row names the most columns."""
    first = next((line for line in io.StringIO(text) if line.strip(_DELIMITERS + " \r\n")), "")

    def rank(delimiter: str) -> tuple[int, int]:
        headers = next(csv.reader([first], delimiter=delimiter), [])
        return count_known(headers), len(headers)

    return max(_DELIMITERS, key=rank)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    # The limit is the whole process's; nobody else here reads CSV, and it only guards against one endless cell.
    csv.field_size_limit(_LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    number = 0
    while True:
        number += 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise UnreadableFileError(
                f"Row {number} cannot be read ({error}); perhaps a quotation mark that is never closed."
            ) from None
        yield number, values
