"""What words mean: every way to read them is tried, and what a reading leaves unexplained decides.

`10115 Berlin` is Berlin with a number that nobody knows, never the 10115 of New York: that would leave a word over.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import asin, cos, log10, radians, sin, sqrt

from frontage_store_locator.words.folding import MOST_TOKENS, has_digit, tokens_of, wider_postcodes
from frontage_store_locator.words.spots import KINDS, Bias, Found, Hit, Spot

MOST_CANDIDATES = 5
_NUMBER = r"[+-]?\d{1,3}(?:[.]\d+)?"
_PAIR = re.compile(
    rf"\s*\(?\s*({_NUMBER})\s*\N{{DEGREE SIGN}}?\s*(?:[,;]\s*|\s+)({_NUMBER})\s*\N{{DEGREE SIGN}}?\s*\)?\s*"
)
_PER_1000_KM = 0.2
"""How much nearness counts against size: fifteen hundred kilometres halve a town."""
_AT_HOME = 2.0
"""In a country where the shop has places, a town counts like one a hundred times as large."""


@dataclass(frozen=True, slots=True)
class Query:
    """Words as they were typed, cut into tokens."""

    tokens: tuple[str, ...]
    ends: frozenset[int]
    """Where a comma stands: the numbers of the tokens that begin or end a part."""

    @classmethod
    def read(cls, text: str) -> "Query":
        """Cut a text into tokens."""
        tokens: list[str] = []
        ends = {0}
        for part in text.split(","):
            tokens += tokens_of(part)
            ends.add(min(len(tokens), MOST_TOKENS))
        return cls(tuple(tokens[:MOST_TOKENS]), frozenset(ends))

    def spans(self) -> dict[tuple[int, int], list[str]]:
        """Every run of tokens, with the keys under which it may be found."""
        count = len(self.tokens)
        return {(start, end): self._keys(start, end) for start in range(count) for end in range(start + 1, count + 1)}

    def _keys(self, start: int, end: int) -> list[str]:
        run = self.tokens[start:end]
        keys = [" ".join(run)]
        if any(map(has_digit, run)) and len(run) <= 3:
            joined = "".join(run)
            keys += [joined, *wider_postcodes(joined)]
        return list(dict.fromkeys(keys))

    @property
    def keys(self) -> set[str]:
        """All keys that are worth looking up."""
        return {key for keys in self.spans().values() for key in keys}


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read the words."""

    spot: Spot
    is_primary: bool
    words_left: int
    numbers_left: int
    is_agreed: bool
    """Whether something beside the name speaks for it."""
    is_part: bool
    """Whether the name stands between commas."""
    score: float

    @property
    def rank(self) -> tuple[int, int, bool, float, int, str]:
        """Smaller is better."""
        kind = KINDS.index(self.spot.kind)
        return self.words_left, self.numbers_left, not self.is_primary, -self.score, kind, self.spot.label


def coordinates_in(text: str) -> Spot | None:
    """The point that a text like `52.52, 13.4` names."""
    found = _PAIR.fullmatch(text)
    if not found or ("." not in text and "," not in text):  # `10115 20` is no point
        return None
    lat, lon = float(found[1]), float(found[2])
    if abs(lat) > 90 or abs(lon) > 180:
        return None
    return Spot("coordinates", f"{lat:g}, {lon:g}", lat, lon, "coordinates")


def resolve(query: Query, hits: Iterable[Hit], bias: Bias) -> Found:
    """Choose among what was found under the keys of a query."""
    by_key: dict[str, list[Hit]] = {}
    for hit in hits:
        by_key.setdefault(hit.key, []).append(hit)
    readings = [
        _read(query, span, hit, bias)
        for span, keys in query.spans().items()
        for key in keys
        for hit in by_key.get(key, ())
    ]
    ranked = _distinct(sorted(readings, key=lambda one: one.rank))
    match = next((one for one in ranked if _is_believed(one, bias)), None)
    others = tuple(one.spot for one in ranked if one is not match)[:MOST_CANDIDATES]
    return Found(match.spot if match else None, others)


def _is_believed(reading: Reading, bias: Bias) -> bool:
    """Whether it may be taken for what was meant; what may not is still offered."""
    if reading.spot.kind == "postcode":
        at_home = not bias.countries or reading.spot.country in bias.countries
        return not reading.words_left and (reading.is_agreed or at_home)
    return not reading.words_left or reading.is_agreed or reading.is_part


def _read(query: Query, span: tuple[int, int], hit: Hit, bias: Bias) -> Reading:
    start, end = span
    context = hit.spot.context
    left: list[str] = []
    agreed = False
    for run in (query.tokens[:start], query.tokens[end:]):
        rest = _unexplained(run, context)
        agreed = agreed or len(rest) < len(run)
        left += rest
    numbers = sum(map(has_digit, left))
    is_part = start in query.ends and end in query.ends
    score = _score(hit.spot, bias)
    return Reading(hit.spot, hit.is_primary, len(left) - numbers, numbers, agreed, is_part, score)


def _unexplained(run: Sequence[str], context: set[str]) -> list[str]:
    """The tokens that nothing in the context accounts for; the longest phrases are tried first."""
    left: list[str] = []
    place = 0
    while place < len(run):
        lengths = range(min(len(run) - place, 5), 0, -1)
        length = next((one for one in lengths if _says(run[place : place + one], context)), 0)
        if not length:
            left.append(run[place])
        place += length or 1
    return left


def _says(run: Sequence[str], context: set[str]) -> bool:
    return " ".join(run) in context or (any(map(has_digit, run)) and "".join(run) in context)


def _score(spot: Spot, bias: Bias) -> float:
    size = log10(spot.weight + 10)
    home = _AT_HOME if spot.country in bias.countries else 0.0
    nearest = min((_thousands_of_km(spot, anchor) for anchor in bias.anchors), default=0.0)
    return size + home - nearest * _PER_1000_KM


def _thousands_of_km(spot: Spot, anchor: tuple[float, float]) -> float:
    """On a sphere: it only weighs namesakes, and is never shown."""
    lat, other = radians(spot.lat), radians(anchor[0])
    across = radians(spot.lon - anchor[1])
    half = sin((lat - other) / 2) ** 2 + cos(lat) * cos(other) * sin(across / 2) ** 2
    return 2 * 6.371 * asin(min(1.0, sqrt(half)))


def _distinct(readings: Iterable[Reading]) -> list[Reading]:
    seen: set[tuple[str, str]] = set()
    kept = []
    for one in readings:
        name = (one.spot.kind, one.spot.label)
        if name not in seen:
            seen.add(name)
            kept.append(one)
    return kept
