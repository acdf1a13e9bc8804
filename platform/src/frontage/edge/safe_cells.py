"""Cells that no spreadsheet takes for a formula, and that come back as they were.

An apostrophe is put before whatever a spreadsheet might calculate, and before what looks like the result of that; one
is taken off again on the way in. So every text survives the way out and back.
"""

import re

_DANGEROUS = re.compile(r"'*[=+\-@\t\r\uff1d\uff0b\uff20\uff0d]")
"""The last four are the full-width forms of the first, which some spreadsheets take for them."""


def guarded(text: str) -> str:
    """The text as a cell that is safe to open."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def unguarded(cell: str) -> str:
    """The text behind a cell."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell) else cell
