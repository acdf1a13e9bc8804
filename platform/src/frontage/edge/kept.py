"""Objects that are stored as they were sent, such as `metadata`: how large, wide, deep and exact they may be."""

import math
from typing import Any

import msgspec

from frontage.edge.bodies import InvalidFieldError

LARGEST_OBJECT = 8 * 1024
MOST_KEYS = 64
MOST_LEVELS = 16
SMALLEST_INTEGER = -(2**63)
LARGEST_INTEGER = 2**63 - 1

_CONTAINERS = frozenset({dict, list})
_TOO_MANY_KEYS = f"Expected an object of at most {MOST_KEYS} keys."
_TOO_LARGE = f"Expected an object of at most {LARGEST_OBJECT} bytes as JSON."
_TOO_DEEP = f"Expected an object of at most {MOST_LEVELS} levels."
_NUMBER_MISFITS = "Expected finite numbers and integers of 64 bits."


def check_kept_object(value: dict[str, Any], field: str = "body") -> None:
    """Refuse an object that is too large, too wide, too deep, or holds a number that no store keeps exactly."""
    reason = reason_not_to_keep(value)
    if reason is not None:
        raise InvalidFieldError(field, reason)


def reason_not_to_keep(value: dict[str, Any]) -> str | None:
    """What is wrong with an object that is to be kept, or None; the object itself is the first level."""
    if not value:
        return None
    if len(value) > MOST_KEYS:
        return _TOO_MANY_KEYS
    try:
        size = len(msgspec.json.encode(value))
    except RecursionError:
        return _TOO_DEEP
    return _TOO_LARGE if size > LARGEST_OBJECT else _reason_within(value)


def _reason_within(value: dict[str, Any]) -> str | None:
    level: list[Any] = [value]
    for _ in range(MOST_LEVELS):
        inner: list[Any] = []
        for container in level:
            for item in container.values() if type(container) is dict else container:
                if type(item) in _CONTAINERS:
                    inner.append(item)
                elif not fits(item):
                    return _NUMBER_MISFITS
        if not inner:
            return None
        level = inner
    return _TOO_DEEP


def fits(item: object) -> bool:
    """Whether a value is no number, a finite one, or an integer of 64 bits."""
    if isinstance(item, str):
        return True
    if isinstance(item, int):
        return SMALLEST_INTEGER <= item <= LARGEST_INTEGER
    return not isinstance(item, float) or math.isfinite(item)
