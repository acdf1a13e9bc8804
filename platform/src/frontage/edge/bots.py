"""Known bots, told by their user agent: the patterns of `crawler-user-agents` and a few signs of our own.

Its HTTP client libraries are no bots here: a shop's own server calls with one of them. Matching all patterns against a
new user agent takes over a millisecond, and anyone can send new ones, so only patterns are tried of which four
characters occur.
"""

import re
from collections import defaultdict
from functools import cache, lru_cache

_MOST_KEPT = 8192
_GRAM = 4
_LIBRARY = "http-library"
_OWN_SIGNS = ("HeadlessChrome", "PhantomJS", "Electron/0", "jsdom/", "Chrome-Lighthouse", "Playwright", "Puppeteer")
_SPECIAL = re.compile(r"(?<!\\)[\[\](){}|*+?^$.]|\\[a-zA-Z0-9]")


class _Patterns:
    """Patterns by four characters that each of them needs; `always` are those that need none."""

    def __init__(self, patterns: list[str]) -> None:
        by_gram: defaultdict[str, list[str]] = defaultdict(list)
        always: list[str] = []
        for pattern in patterns:
            needed = _needed(pattern)
            if len(needed) < _GRAM:
                always.append(pattern)
            else:
                by_gram[needed[:_GRAM]].append(pattern)
        self._by_gram = {gram: re.compile("|".join(some)) for gram, some in by_gram.items()}
        self._always = re.compile("|".join(always) or r"(?!)")

    def match(self, text: str) -> bool:
        """Whether any pattern is found in a text."""
        grams = {text[at : at + _GRAM] for at in range(len(text) - _GRAM + 1)}
        return any(self._by_gram[gram].search(text) for gram in grams & self._by_gram.keys()) or bool(
            self._always.search(text)
        )


def _needed(pattern: str) -> str:
    """The longest text without which a pattern cannot match; empty where that is not plain to see."""
    if "|" in pattern or "(" in pattern:
        return ""
    pieces = []
    rest = pattern
    while found := _SPECIAL.search(rest):
        piece, special = rest[: found.start()], found[0]
        # What may be left out, or repeated, takes the character before it along.
        pieces.append(piece[:-1] if special in "*?{" else piece)
        end = rest.find({"[": "]", "{": "}"}.get(special, special), found.start())
        rest = rest[max(end, found.start()) + len(special) :] if special in "[{" else rest[found.end() :]
    pieces.append(rest)
    return max((re.sub(r"\\(.)", r"\1", piece) for piece in pieces), key=len)


@cache
def _patterns() -> _Patterns:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    known = [one["pattern"] for one in CRAWLER_USER_AGENTS_DATA if _LIBRARY not in one.get("tags", ())]
    return _Patterns([*known, *map(re.escape, _OWN_SIGNS)])


@lru_cache(_MOST_KEPT)
def is_bot(user_agent: str) -> bool:
    """Whether a user agent is a known bot's."""
    return _patterns().match(user_agent)
