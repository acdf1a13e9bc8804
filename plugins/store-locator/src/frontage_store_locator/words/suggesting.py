"""What somebody may have meant: keys that are one slip of the finger away.

Every such key is made and looked up, which any database does by the index that it has; no list of keys is gone through.
"""

from collections.abc import Iterator
from dataclasses import replace
from string import ascii_lowercase

from frontage_store_locator.words.folding import LONGEST_KEY, has_digit
from frontage_store_locator.words.resolving import Query

_SHORTEST, _LONGEST = 4, 24
"""Shorter words have too many neighbours that mean something else."""
_MOST_TOKENS = 4
_MOST_KEYS = 4_000
_LETTERS = ascii_lowercase + " "


def slips(key: str) -> Iterator[str]:
    """Every key that is made of this one by a letter too few, too many, wrong, or exchanged with the next."""
    for at in range(len(key) + 1):
        head, tail = key[:at], key[at:]
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in _LETTERS)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]
        yield from (head + letter + tail for letter in _LETTERS)


def corrected(query: Query) -> dict[str, list[Query]]:
    """By each key that may have been meant, the whole query with it in its place."""
    found: dict[str, list[Query]] = {}
    count = len(query.tokens)
    for start in sorted(query.ends):
        for end in range(start + 1, min(start + _MOST_TOKENS, count) + 1):
            key = " ".join(query.tokens[start:end])
            if not _SHORTEST <= len(key) <= _LONGEST or any(map(has_digit, query.tokens[start:end])):
                continue
            for other in set(slips(key)) - {key}:
                if len(found) < _MOST_KEYS and other.strip() == other:
                    found.setdefault(other[:LONGEST_KEY], []).append(_with(query, start, end, other))
    return found


def _with(query: Query, start: int, end: int, key: str) -> Query:
    tokens = (*query.tokens[:start], *key.split(), *query.tokens[end:])
    moved = len(tokens) - len(query.tokens)
    ends = frozenset(at + moved if at >= end else at for at in query.ends if at <= start or at >= end)
    return replace(query, tokens=tokens, ends=ends | {0, len(tokens)})
