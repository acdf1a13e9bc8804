"""Bodies that nest deeper than the parser goes: what lies too deep becomes null, so that it costs nobody beside it."""

import re
from collections.abc import Iterator
from itertools import accumulate

_LEVELS = 64
"""Four times what a kept object may have, and far from what any parser gives up at."""
_TEXT = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_STEP = [0] * 256
for _opening, _closing in (b"[]", b"{}"):
    _STEP[_opening], _STEP[_closing] = 1, -1


def shallowed(body: bytes) -> bytes:
    """The same JSON with null in place of what lies deeper than 64 levels; what is never closed stays as it is."""
    parts, begin = [], 0
    for start, stop in _too_deep(_TEXT.sub(lambda text: b" " * len(text[0]), body)):
        parts += [body[begin:start], b"null"]
        begin = stop
    return b"".join((*parts, body[begin:]))


def _too_deep(bare: bytes) -> Iterator[tuple[int, int]]:
    """Where in a body without texts something begins and ends that lies too deep."""
    start = -1
    for at, level in enumerate(accumulate(map(_STEP.__getitem__, bare))):
        if start < 0 and level > _LEVELS:
            start = at
        elif start >= 0 and level == _LEVELS:
            yield start, at + 1
            start = -1
