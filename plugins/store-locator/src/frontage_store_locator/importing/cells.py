"""Members of a place from cells: what a file can only write as text becomes what an API would have been sent."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from math import isfinite
from typing import Any, TypeVar

import msgspec

from frontage_store_locator.place_reading import printable

T = TypeVar("T")

_DEGREES = re.compile(r"([+-]?\d{1,3}(?:[.,]\d+)?(?:e-\d{1,3})?)\s*\N{DEGREE SIGN}?\s*([NSEWO])?", re.IGNORECASE)
_OTHER_ENDS = re.compile(r"[;|]")
_STATUS = {
    "published": "published active open opened yes true 1 live enabled aktiv offen ouvert abierto activo aperto aberto",
    "draft": "draft hidden inactive no false 0 disabled entwurf inaktiv brouillon borrador inactivo bozza rascunho",
    "closed": "closed geschlossen ferme fermé cerrado chiuso fechado gesloten",
}
_STATUS_OF = {word: status for status, words in _STATUS.items() for word in words.split()}


def text(cell: Any) -> str:
    """A text without white space at its ends and without control characters."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise ValueError("Expected a text.")  # noqa: TRY004  # every wrong cell is told in the same way
    return printable(str(cell))


def degrees(cell: Any, *, negative: str) -> float | None:
    """Degrees of latitude or longitude, with point or comma, with or without a letter of the compass."""
    if isinstance(cell, float) and isfinite(cell):
        return cell
    value = text(cell)
    if not value:
        return None
    found = _DEGREES.fullmatch(value)
    if not found:
        raise ValueError("Expected a number of degrees, such as 52.5.")
    number = float(found[1].replace(",", "."))
    return -abs(number) if found[2] and found[2].upper() in negative else number


def tags(cell: Any) -> list[Any]:
    """Tags from a list, from JSON, or with commas between them; where there is no comma, with `;` or `|`."""
    if isinstance(cell, list):
        return cell
    value = text(cell)
    if value.startswith("["):
        return _json(value, list)
    parts = value.split(",") if "," in value else _OTHER_ENDS.split(value)
    return [part.strip() for part in parts if part.strip()]


def status(cell: Any) -> str:
    """One of the three states; none means published."""
    value = text(cell).casefold()
    if value and value not in _STATUS_OF:
        raise ValueError("Expected published, draft or closed.")
    return _STATUS_OF.get(value, "published")


def number(cell: Any) -> int:
    """A whole number; none means 0."""
    value = text(cell)
    try:
        return int(value) if value else 0
    except ValueError:
        raise ValueError("Expected a whole number.") from None


def _absent_when_empty(cell: Any) -> str | None:
    return text(cell) or None


def _exact_when_empty(cell: Any) -> str:
    return text(cell).lower() or "exact"


def _structure(cell: Any, kind: type[T]) -> T:
    if isinstance(cell, kind):
        return cell
    value = cell.strip() if isinstance(cell, str) else text(cell)
    return _json(value, kind) if value else kind()


def _json(value: str, kind: type[T]) -> T:
    try:
        found = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if not isinstance(found, kind):
        raise ValueError(f"Expected {'a list' if kind is list else 'an object'} as JSON.")  # noqa: TRY004  # as above
    return found


READERS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("name", "address", "address2", "city", "region", "postal_code", "country"), text),
    **dict.fromkeys(("phone", "email", "website", "photo_url", "description", "hours", "time_zone"), text),
    "external_id": _absent_when_empty,
    "lat": partial(degrees, negative="S"),
    "lon": partial(degrees, negative="WO"),
    "precision": _exact_when_empty,
    "tags": tags,
    "status": status,
    "closed_until": _absent_when_empty,
    "special_days": partial(_structure, kind=list),
    "custom": partial(_structure, kind=dict),
    "priority": number,
}
"""What reads the cells of a column; ValueError tells what was expected instead."""
