"""Ids: UUIDs inside, 22 characters of shortuuid outside.

The shortuuid package accepts short and over-long strings; this strict form is smaller than its guards would be.
"""

import re
from uuid import UUID

from msgspec.msgpack import Decoder
from uuid_utils import uuid7

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
LENGTH = 22
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_BASE = len(ALPHABET)
_HYPHENATED = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


_decode = Decoder(UUID).decode
_SIXTEEN_BYTES = b"\xc4\x10"


def new_id() -> UUID:
    """A new id that grows with time."""
    return id_of(uuid7().bytes)


def id_of(octets: bytes) -> UUID:
    """The id of sixteen bytes."""
    # What UUID(bytes=…) does, at a quarter of its cost: every event gets an id.
    return _decode(_SIXTEEN_BYTES + octets)


def to_short(identifier: UUID) -> str:
    """The public form of an id: always 22 characters."""
    number = identifier.int
    characters = []
    for _ in range(LENGTH):
        number, value = divmod(number, _BASE)
        characters.append(ALPHABET[value])
    return "".join(reversed(characters))


def looks_short(text: str) -> bool:
    """Whether `text` has the shape of a shortuuid; it may still overflow 128 bits."""
    return len(text) == LENGTH and all(character in _VALUES for character in text)


def from_short(text: str) -> UUID | None:
    """The id behind 22 characters, or None when they are no shortuuid or overflow 128 bits."""
    if not looks_short(text):
        return None
    number = 0
    for character in text:
        number = number * _BASE + _VALUES[character]
    return UUID(int=number) if number < 1 << 128 else None


def from_hyphenated(text: str) -> UUID | None:
    """The id behind a hyphenated UUID, or None; braces, URNs and underscores, which UUID() takes, are refused."""
    return UUID(text) if _HYPHENATED.fullmatch(text) else None


def parse_id(text: str) -> UUID | None:
    """The id behind a shortuuid or a hyphenated UUID, or None."""
    return from_short(text) or from_hyphenated(text)
