"""When a place is open: texts in the syntax of OpenStreetMap, by the clock on the place's own wall.

A day belongs to the evening that it begins: what a bar's Friday leaves for Saturday morning goes when that Friday is a
holiday, and stays when the Saturday is one. So every day is asked for by itself, and special days replace whole days.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from frontage_store_locator.hours_sheet import HoursError, Opening, Sheet

__all__ = ("LONGEST_TEXT", "HoursError", "OpeningHours", "SpecialDay", "Status", "check", "parse")

LONGEST_TEXT = 1_000
_MOST_DAYS = 60
"""How many days are looked at one by one for the next change; the engine finds what lies beyond."""
_DAY = timedelta(days=1)
_CLOSED = frozenset({"", "off", "closed"})


class SpecialDay(Struct, frozen=True):
    """A date with hours of its own; without any the place is closed all day."""

    date: date
    hours: str = ""
    """Like `10:00-15:00`, or empty."""
    note: str = ""


class Status(Struct, frozen=True):
    """What a visitor wants to know at one moment."""

    open_now: bool | None
    """None where the text itself does not say."""
    hours_today: str
    """Like `09:00-12:00, 13:00-18:00`; empty on a day on which the place does not open."""
    next_change: datetime | None
    """When it opens or closes next; None when nothing of the kind is in sight."""


def check(text: str) -> str:
    """The text without white space at its ends, or HoursError with position and suggestion."""
    text = text.strip().rstrip("; ")
    if len(text) > LONGEST_TEXT:
        raise HoursError(f"The text is longer than {LONGEST_TEXT} characters.", LONGEST_TEXT, None)
    if text:
        Sheet.read(text)
    return text


def check_special(day: SpecialDay) -> SpecialDay:
    """The special day as it came, or HoursError."""
    if day.hours.strip().lower() not in _CLOSED:
        check(day.hours)
    return day


@lru_cache(maxsize=50_000)
def parse(
    text: str,
    zone: str,
    country: str = "",
    special_days: tuple[SpecialDay, ...] = (),
    position: tuple[float, float] | None = None,
) -> "OpeningHours | None":
    """The hours of a place, or None for an empty text without special days; equal texts share one object.

    `position` is (lat, lon) and matters to texts that name sunrise or sunset; `zone` must be known.
    """
    text = check(text)
    if not text and not special_days:
        return None
    days = {one.date: _special_sheet(one.hours) for one in special_days}
    return OpeningHours(Sheet.read(text, country, zone, position) if text else None, ZoneInfo(zone), days)


def _special_sheet(hours: str) -> Sheet | None:
    hours = hours.strip()
    return None if hours.lower() in _CLOSED else Sheet.read(hours)


@dataclass(slots=True)
class _Known:
    """An answer and the span of time for which it holds."""

    since: datetime
    until: datetime
    status: Status


class OpeningHours:
    """The hours of places that agree in text, zone, country and special days."""

    __slots__ = ("_known", "_sheet", "_special", "_zone")

    def __init__(self, sheet: Sheet | None, zone: ZoneInfo, special: dict[date, Sheet | None]) -> None:
        self._sheet = sheet
        self._zone = zone
        self._special = special
        self._known: _Known | None = None

    def is_open(self, now: datetime) -> bool | None:
        """Whether it is open at an aware moment; None where the text does not say."""
        return self.status(now).open_now

    def today(self, now: datetime) -> str:
        """The hours of the local day, as people read them."""
        return self.status(now).hours_today

    def next_change(self, now: datetime) -> datetime | None:
        """When it opens or closes next, in the zone of the place."""
        return self.status(now).next_change

    def status(self, now: datetime) -> Status:
        """All three at once; asked again before anything has changed, it costs a comparison."""
        known = self._known
        if known is None or not known.since <= now < known.until:
            known = self._known = self._find(now)
        return known.status

    def day(self, day: date) -> tuple[Opening, ...]:
        """What opens on a local day, in local time; it may close on the next."""
        if day in self._special:
            sheet = self._special[day]
            return () if sheet is None else sheet.day(day)
        return () if self._sheet is None else self._sheet.day(day)

    def _find(self, now: datetime) -> _Known:
        today = now.astimezone(self._zone).date()
        current = [
            (opens, closes, sure) for opens, closes, sure in self._spans(today - _DAY, 2) if opens <= now < closes
        ]
        is_open = True if any(sure for *_, sure in current) else None if current else False
        change = self._next_change(now, today, is_open=bool(current))
        words = ", ".join(str(one) for one in self.day(today) if one.sure)
        midnight = self._instant(datetime.combine(today + _DAY, datetime.min.time()))
        until = min(midnight, change) if change else midnight
        return _Known(now, until, Status(is_open, words, change.astimezone(self._zone) if change else None))

    def _next_change(self, now: datetime, today: date, *, is_open: bool) -> datetime | None:
        edge = now
        for opens, closes, _ in self._coming(today):
            if closes <= edge:
                continue
            if not is_open:
                return opens
            if opens > edge:  # a gap: it closed where the last one ended
                return edge
            edge = closes
            if edge - now > _MOST_DAYS * _DAY:
                return None
        return edge if is_open and edge != now else None

    def _coming(self, today: date) -> Iterator[tuple[datetime, datetime, bool]]:
        yield from self._spans(today - _DAY, _MOST_DAYS + 2)
        beyond = today + (_MOST_DAYS + 1) * _DAY
        later = [day for day in self._special if day >= beyond]
        if self._sheet is not None and (found := self._sheet.next_opening_day(beyond)):
            later.append(found)
        for day in sorted(later):
            yield from self._spans(day, 1)

    def _spans(self, first: date, days: int) -> Iterator[tuple[datetime, datetime, bool]]:
        for number in range(days):
            for one in self.day(first + number * _DAY):
                opens, closes = self._instant(one.opens), self._instant(one.closes, last=True)
                if opens < closes:  # an hour that the clocks skip is none
                    yield opens, closes, one.sure

    def _instant(self, local: datetime, *, last: bool = False) -> datetime:
        """The moment of a local time; of one that comes twice the first, or the last for closing."""
        first = local.replace(tzinfo=self._zone, fold=0).astimezone(UTC)
        return max(first, local.replace(tzinfo=self._zone, fold=1).astimezone(UTC)) if last else first
