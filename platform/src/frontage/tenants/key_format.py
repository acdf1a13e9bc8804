"""What a key looks like: `<prefix>_<32 characters>_<CRC-32 in hex>`, 45 characters in all.

The checksum refuses typing errors and random guesses without a look-up; it is no security.
"""

import secrets
import string
from binascii import crc32
from enum import StrEnum

LENGTH = 45
SHOWN = 12
"""How many characters of a key may appear in logs and events."""
_ALPHABET = string.digits + string.ascii_letters
_BODY = 32


class KeyKind(StrEnum):
    """Who may hold a key: a server, or any browser."""

    SECRET = "secret"  # noqa: S105  # a word, no password
    PUBLISHABLE = "publishable"


PREFIXES = {KeyKind.SECRET: "csb", KeyKind.PUBLISHABLE: "cpk"}


def generate(kind: KeyKind) -> str:
    """A new key from the system's random source."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(_BODY))
    return f"{PREFIXES[kind]}_{body}_{checksum(body)}"


def checksum(body: str) -> str:
    """The CRC-32 of a key's body, as eight hex digits."""
    return f"{crc32(body.encode()):08x}"


def is_well_formed(text: str) -> bool:
    """Whether `text` is a key without a typing error; says nothing of whether it exists."""
    return (
        len(text) == LENGTH
        and text.isascii()
        and text[3] == text[36] == "_"
        and text[:3] in PREFIXES.values()
        and text[4:36].isalnum()
        and checksum(text[4:36]) == text[37:]
    )
