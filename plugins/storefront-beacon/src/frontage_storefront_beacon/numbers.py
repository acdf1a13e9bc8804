"""Ids that are numbers and come as text: digits, or a global id that ends in them."""

import re

_NUMBER = re.compile(r"(?:gid://[^?#]+/)?(\d{1,19})(?:[?#].*)?", re.ASCII | re.DOTALL)
_LARGEST = 2**63 - 1


def number_of(text: str) -> int | None:
    """The number of an id, or None when it is none of 64 bits."""
    found = _NUMBER.fullmatch(text)
    number = int(found[1]) if found else -1
    return number if 0 <= number <= _LARGEST else None
